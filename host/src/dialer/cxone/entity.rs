//! One entity of a query's answer: one campaign's metrics in one interval, every value checked.
//!
//! A value that can't be used makes the whole entity unusable, with a reason that names field and value; it never
//! becomes zero, because a policy would act on zero.

use std::time::Duration;

use paced_core::reading::Report;
use paced_core::time::Timestamp;

use super::dates;
use super::fields::Fields;

/// The interval that is asked for.
pub(super) const BUCKET: Duration = Duration::from_secs(300);
/// More calls than any campaign has in an interval.
const CALLS_MAX: f64 = 10_000_000.0;
/// More agents than any campaign has.
const AGENTS_MAX: f64 = 100_000.0;
/// Longer than any wrap-up, in seconds: a day.
const WRAP_UP_S_MAX: f64 = 86_400.0;
/// Longer than any interval that a platform gives where five minutes were asked for.
const INTERVAL_MAX: Duration = Duration::from_secs(3_600);

/// An entity whose place in time is known.
#[derive(Debug)]
pub(super) struct Entity {
    /// Start of its bucket.
    pub(super) date_from: Timestamp,
    /// The instant up to which it counts.
    pub(super) date_to: Timestamp,
    /// Its values, or why they can't be used.
    pub(super) report: Result<Report, String>,
}

impl Entity {
    /// Reads an entity. The error is why not even its place in time is known.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, String> {
        let date_to = date(fields, "dateTo")?;
        let bucket = (date_to - Duration::from_millis(1)).floor_to(BUCKET);
        let (date_from, checked) = match fields.get("dateFrom").map(|_| date(fields, "dateFrom")) {
            None => (bucket, Ok(())),
            Some(Err(reason)) => (bucket, Err(reason)),
            Some(Ok(from)) if from < date_to && date_to.since(from) <= INTERVAL_MAX => (from, Ok(())),
            Some(Ok(_)) => (bucket, Err(interval_reason(fields))),
        };
        Ok(Self { date_from, date_to, report: checked.and_then(|()| report(fields, date_from, date_to)) })
    }
}

fn report(fields: &Fields<'_>, date_from: Timestamp, date_to: Timestamp) -> Result<Report, String> {
    Ok(Report {
        date_from,
        date_to,
        offered: count(fields, "callsOffered")?,
        answered: count(fields, "callsAnswered")?,
        abandoned: count(fields, "callsAbandoned")?,
        wrap_up_s_mean: match fields.get("avgWrapUpTime") {
            Some(_) => Some(fields.number("avgWrapUpTime", WRAP_UP_S_MAX)?),
            None => None,
        },
        agents_available: fields.number("agentsAvailable", AGENTS_MAX)?,
        agents_busy: fields.number("agentsBusy", AGENTS_MAX)?,
    })
}

/// A count, rounded: some platforms report means.
fn count(fields: &Fields<'_>, name: &str) -> Result<u32, String> {
    fields.number(name, CALLS_MAX).map(|calls| calls.round() as u32)
}

fn date(fields: &Fields<'_>, name: &str) -> Result<Timestamp, String> {
    fields
        .text(name)
        .and_then(|text| dates::read(&text))
        .ok_or_else(|| format!("{}, which must be a date as in 2023-11-14T22:15:00.000Z", fields.described(name)))
}

fn interval_reason(fields: &Fields<'_>) -> String {
    format!("{} and {}, which is no interval of five minutes", fields.described("dateFrom"), fields.described("dateTo"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Entity, String> {
        Entity::read(&Fields::of_body(body.as_bytes()).unwrap())
    }

    /// A good entity with one field replaced.
    fn with(name: &str, value: &str) -> String {
        let mut fields = serde_json::json!({
            "dateFrom": "2023-11-14T22:10:00Z", "dateTo": "2023-11-14T22:13:20Z", "callsOffered": 10,
            "callsAnswered": 8.0, "callsAbandoned": 2, "avgWrapUpTime": 31.5, "agentsAvailable": 3, "agentsBusy": 17,
            "somethingNew": {"x": [1]}
        });
        fields[name] = "REPLACED".into();
        fields.to_string().replace("\"REPLACED\"", value)
    }

    fn reason(name: &str, value: &str) -> Option<String> {
        read(&with(name, value)).unwrap().report.err()
    }

    #[test]
    fn reads_a_good_one() {
        let entity = read(&with("agentsBusy", "17")).unwrap();
        let report = Report {
            date_from: Timestamp::from_millis(1_699_999_800_000),
            date_to: Timestamp::from_millis(1_700_000_000_000),
            offered: 10,
            answered: 8,
            abandoned: 2,
            wrap_up_s_mean: Some(31.5),
            agents_available: 3.0,
            agents_busy: 17.0,
        };
        assert_eq!(entity.report, Ok(report));
    }

    #[test]
    fn a_value_that_cannot_be_used_is_named() {
        for name in ["callsOffered", "callsAnswered", "callsAbandoned", "agentsAvailable", "agentsBusy"] {
            for bad in ["null", "-1", "\"5\"", "1e999", "{}", "true"] {
                assert!(reason(name, bad).is_some_and(|reason| reason.starts_with(name)), "{name} {bad}");
            }
        }
        assert_eq!(reason("agentsAvailable", "null"), Some("agentsAvailable is null".to_owned()));
        assert_eq!(reason("agentsBusy", "100001"), Some("agentsBusy is 100001, above 100000".to_owned()));
        assert_eq!(reason("callsOffered", "2e9"), Some("callsOffered is 2e9, above 10000000".to_owned()));
        assert_eq!(reason("avgWrapUpTime", "-1"), Some("avgWrapUpTime is -1".to_owned()));
        assert_eq!(reason("avgWrapUpTime", "\"a\""), Some("avgWrapUpTime is \"a\"".to_owned()));
        assert!(reason("avgWrapUpTime", "86401").is_some());
    }

    #[test]
    fn what_may_be_missing_is_missing() {
        assert_eq!(reason("avgWrapUpTime", "null"), None);
        let entity = read(&with("dateFrom", "null")).unwrap();
        assert_eq!(entity.date_from, Timestamp::from_millis(1_699_999_800_000));
        assert!(entity.report.is_ok());
    }

    #[test]
    fn a_bucket_ends_within_itself() {
        let on_the_grid = with("dateFrom", "null").replace("22:13:20", "22:15:00");
        assert_eq!(read(&on_the_grid).unwrap().date_from, Timestamp::from_millis(1_699_999_800_000));
    }

    #[test]
    fn fractions_of_calls_are_rounded() {
        assert_eq!(read(&with("callsOffered", "9.6")).unwrap().report.unwrap().offered, 10);
    }

    #[test]
    fn without_a_date_its_place_is_unknown() {
        for bad in ["null", "5", "\"soon\""] {
            assert!(read(&with("dateTo", bad)).unwrap_err().starts_with("dateTo is"), "{bad}");
        }
    }

    #[test]
    fn an_interval_that_is_none_is_unusable() {
        for from in ["\"2023-11-14T22:14:00Z\"", "\"2023-11-13T22:10:00Z\"", "\"x\"", "7"] {
            assert!(reason("dateFrom", from).is_some_and(|reason| reason.starts_with("dateFrom is")), "{from}");
        }
    }
}
