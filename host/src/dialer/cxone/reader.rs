//! The tolerant reader: a query's answer, whatever it holds, becomes one observation for each campaign asked for.
//!
//! Unknown fields and other campaigns' entities are ignored; of several entities of a bucket the latest counts. Only a
//! body without a list of entities fails everyone.

use std::collections::{BTreeMap, HashMap};

use paced_core::reading::Observation;
use paced_core::time::Timestamp;
use serde_json::value::RawValue;

use super::entity::Entity;
use super::fields::{Fields, quote};

/// Most buckets that are kept for a campaign; ten minutes hold three.
const BUCKETS_MAX: usize = 64;
/// Longest cursor that is followed, in bytes.
const CURSOR_MAX: usize = 4_096;

/// What the pages of an answer have held so far.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    campaigns: BTreeMap<&'a str, Found>,
    unattributed: bool,
}

/// What was found of one campaign.
#[derive(Debug, Default)]
struct Found {
    buckets: BTreeMap<Timestamp, Entity>,
    /// Why an entity's place in time is unknown. It could be the latest.
    undated: Option<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(asked: &'a [String]) -> Self {
        let campaigns = asked.iter().map(|id| (id.as_str(), Found::default())).collect();
        Self { campaigns, unattributed: false }
    }

    /// Takes a page, and gives the cursor of the next one, if there is one. The error completes "the answer ...".
    pub(super) fn page(&mut self, body: &[u8]) -> Result<Option<String>, String> {
        let page = Fields::of_body(body).ok_or("is not a JSON object")?;
        let entities = page.list("entities").ok_or("has no list of entities")?;
        for entity in entities {
            self.take(entity);
        }
        next_page(&page)
    }

    fn take(&mut self, value: &RawValue) {
        let only_one = self.campaigns.len() == 1;
        let fields = Fields::of_value(value);
        let found = match &fields {
            Some(fields) if fields.get("campaignId").is_some() => {
                let id = fields.identifier("campaignId");
                id.and_then(|id| self.campaigns.get_mut(id.as_str()))
            }
            _ if only_one => self.campaigns.values_mut().next(),
            _ => {
                self.unattributed = true;
                None
            }
        };
        match (found, fields) {
            (Some(found), Some(fields)) => found.take(Entity::read(&fields)),
            (Some(found), None) => found.take(Err(format!("an entity is {}, not an object", quote(value)))),
            (None, _) => {}
        }
    }

    /// Whether some entity did not say whose it is, while several campaigns were asked for.
    pub(super) fn has_unattributed(&self) -> bool {
        self.unattributed
    }

    /// Every instant up to which some entity counts.
    pub(super) fn dates_to(&self) -> Vec<Timestamp> {
        self.campaigns.values().flat_map(|found| found.buckets.values().map(|entity| entity.date_to)).collect()
    }

    /// The observations, for a platform whose clock shows `platform_now`. An entity that counts up to an instant after
    /// `latest` can't be true.
    pub(super) fn finish(self, platform_now: Timestamp, latest: Timestamp) -> HashMap<String, Observation> {
        let observed = self.campaigns.into_iter();
        observed.map(|(id, found)| (id.to_owned(), found.observation(platform_now, latest))).collect()
    }
}

impl Found {
    fn take(&mut self, entity: Result<Entity, String>) {
        match entity {
            Err(reason) => self.undated = Some(reason),
            Ok(entity) => {
                let held = self.buckets.get(&entity.date_from);
                if held.is_none_or(|held| held.date_to <= entity.date_to) {
                    self.buckets.insert(entity.date_from, entity);
                }
                if self.buckets.len() > BUCKETS_MAX {
                    self.buckets.pop_first();
                }
            }
        }
    }

    fn observation(self, platform_now: Timestamp, latest: Timestamp) -> Observation {
        if let Some(reason) = self.undated {
            return Observation::Unusable(reason);
        }
        let Some((_, newest)) = self.buckets.last_key_value() else { return Observation::Quiet };
        if newest.date_to > latest {
            let (to, now) = (super::dates::write(newest.date_to), super::dates::write(platform_now));
            return Observation::Unusable(format!("dateTo is {to}, long after the platform's now, {now}"));
        }
        if let Err(reason) = &newest.report {
            return Observation::Unusable(reason.clone());
        }
        let reports = self.buckets.into_values().filter_map(|entity| entity.report.ok()).collect();
        Observation::Reports { platform_now, reports }
    }
}

fn next_page(page: &Fields<'_>) -> Result<Option<String>, String> {
    let Some(value) = page.get("nextPage").filter(|value| !matches!(value.get(), "false" | "\"\"")) else {
        return Ok(None);
    };
    match page.identifier("nextPage") {
        Some(cursor) if cursor.len() <= CURSOR_MAX => Ok(Some(cursor)),
        Some(_) => Err(format!("has a nextPage of more than {CURSOR_MAX} bytes")),
        None => Err(format!("has a nextPage that is {}, not a string", quote(value))),
    }
}

#[cfg(test)]
mod tests;
