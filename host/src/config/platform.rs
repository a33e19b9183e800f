//! `[platform]` and `[journal]`: the platform's address, credentials and quotas, and how much is kept.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use reqwest::Url;
use toml_edit::Value;

use super::Secret;
use super::connection::{self, Connection, LONGEST_CLIENT_ID, LONGEST_SECRET, base_url_of, may_hold_secret, secret_of};
use super::section::Section;
use super::source::{HIDDEN, Setting, Site, Source};
use super::values::{Taken, duration, size, text, whole, word};
use super::{Inputs, Journal, Platform};

/// Analytics requests that the platform grants a client in a minute.
pub(super) const ANALYTICS_PER_MINUTE: u32 = 100;
pub(super) const UPDATES_PER_MINUTE: u32 = 3000;
pub(super) const BATCH_SIZE: u32 = 50;
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

const DAY: Duration = Duration::from_secs(86_400);

/// Rates and sizes of `[platform]`, which budget and platform share.
pub(super) struct Quotas {
    pub(super) analytics_per_minute: Setting<u32>,
    pub(super) updates_per_minute: Setting<u32>,
    pub(super) batch_size: Setting<u32>,
}

/// Reads `[platform]`; no platform where address or credentials are missing or wrong.
pub(super) fn read(
    source: &Source<'_>,
    section: Section<'_>,
    directory: &Path,
    inputs: &Inputs<'_>,
) -> (Platform, Quotas) {
    section.get("kind", word(&[("cxone", ())]));
    let mut findings = Vec::new();
    let outside = Connection::outside(inputs, &mut findings);
    source.extend(findings);
    let in_file = Connection {
        base_url: section.guarded(
            "base_url",
            |item| item.as_str().is_none_or(may_hold_secret),
            |value| base_url_of(&in_quotes("https://your-org.nice.incontact.com")(value)?),
        ),
        client_id: section.setting("client_id", text(LONGEST_CLIENT_ID, "abcd-1234")),
        client_secret: secret_in_file(source, &section, directory, outside.client_secret.is_absent()),
    };
    let connection = outside.or(in_file);
    report_missing(source, &section, &connection);

    let quotas = Quotas {
        analytics_per_minute: section.setting("analytics_per_minute", whole(1..=100_000)),
        updates_per_minute: section.setting("updates_per_minute", whole(1..=1_000_000)),
        batch_size: section.setting("batch_size", whole(1..=200)),
    };
    // A cycle's attempts all end within 45 s, so a longer timeout could never run out.
    let timeouts = Duration::from_millis(100)..=Duration::from_secs(45);
    let request_timeout = section.get("request_timeout", duration(timeouts));
    section.finish();

    // What is missing has been reported, so that what stands here in its place is never used.
    let platform = Platform {
        base_url: connection.base_url.value.unwrap_or_else(nowhere),
        client_id: connection.client_id.value.unwrap_or_default(),
        client_secret: connection.client_secret.value.unwrap_or_else(|| Secret::new("")),
        analytics_per_minute: quotas.analytics_per_minute.value.unwrap_or(ANALYTICS_PER_MINUTE),
        updates_per_minute: quotas.updates_per_minute.value.unwrap_or(UPDATES_PER_MINUTE),
        request_timeout: request_timeout.map_or(REQUEST_TIMEOUT, |timeout| timeout.value),
        batch_size: quotas.batch_size.value.unwrap_or(BATCH_SIZE),
    };
    (platform, quotas)
}

fn nowhere() -> Url {
    "https://nowhere.invalid/".parse().expect("this is a URL")
}

/// Reads `[journal]`.
pub(super) fn read_journal(section: Section<'_>) -> Journal {
    let default = Journal::default();
    let max_age = section.get("max_age", duration(Duration::from_secs(3600)..=DAY * 3650));
    let max_size = section.get("max_size", size((16 << 20)..=(1 << 40)));
    section.finish();
    Journal {
        max_age: max_age.map_or(default.max_age, |age| age.value),
        max_size_bytes: max_size.map_or(default.max_size_bytes, |size| size.value),
    }
}

fn report_missing(source: &Source<'_>, section: &Section<'_>, connection: &Connection) {
    let missing = |key, remedy: String| source.error(&section.place_of(key), format!("is missing: {remedy}"));
    if connection.base_url.is_absent() {
        missing("base_url", format!("the platform's https address, here or in {}", connection::BASE_URL));
    }
    if connection.client_id.is_absent() {
        missing("client_id", format!("the API client's identifier, here or in {}", connection::CLIENT_ID));
    }
    if connection.client_secret.is_absent() {
        let variable = connection::CLIENT_SECRET;
        missing("client_secret", format!("set {variable}, or name a client_secret_file"));
    }
}

/// The secret that the file holds or names. One in the file itself works, with a warning; a file that is named is
/// read only where it is `needed`.
fn secret_in_file(source: &Source<'_>, section: &Section<'_>, directory: &Path, needed: bool) -> Setting<Secret> {
    let hidden = |_: &_| true;
    let here = section.guarded("client_secret", hidden, |value| secret_of(&in_quotes("...")(value)?));
    // Hidden too: people put the secret itself where its file's name belongs.
    let named = section.guarded("client_secret_file", hidden, in_quotes("secrets/client_secret"));
    if let Some(site) = &here.site {
        let site = Site { value: Some(HIDDEN.to_owned()), ..site.clone() };
        if named.is_absent() {
            let message = format!(
                "set {} or name a client_secret_file instead, so that this file can be shared",
                connection::CLIENT_SECRET
            );
            source.warning(&site, message);
        } else {
            source.error(&site, "stands beside client_secret_file: take one of them out");
        }
    }
    let from_file = match (&named.site, &named.value) {
        (Some(site), Some(name)) if needed => match read_secret(&directory.join(name)) {
            Ok(secret) => Some(secret),
            Err(message) => {
                source.error(site, message);
                None
            }
        },
        _ => None,
    };
    here.or(Setting { value: from_file, site: named.site })
}

fn read_secret(path: &Path) -> Taken<Secret> {
    let mut text = String::new();
    let longest = LONGEST_SECRET as u64 + 2;
    File::open(path)
        .and_then(|file| file.take(longest).read_to_string(&mut text))
        .map_err(|error| format!("can't be read, seen from this file's directory: {error}"))?;
    secret_of(text.trim_end_matches(['\r', '\n'])).map_err(|rule| format!("the secret in this file {rule}"))
}

fn in_quotes(example: &'static str) -> impl Fn(&Value) -> Taken<String> {
    move |value| {
        value.as_str().map(str::to_owned).ok_or_else(|| format!("must be text in quotes, such as \"{example}\""))
    }
}
