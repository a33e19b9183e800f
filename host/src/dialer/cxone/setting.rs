//! What the platform says that a campaign is set to.

use paced_core::ratio::DialRatio;
use paced_core::reading::{Setting, Status};

use super::fields::Fields;

/// Larger than any ratio; what is above the platform's own bounds is refused by name.
const ANY_RATIO: f64 = f64::MAX;

/// Reads a campaign's object. The error completes "the answer ...".
pub(super) fn read(body: &[u8], campaign: &str) -> Result<Setting, String> {
    let object = Fields::of_body(body).ok_or("is not a JSON object")?;
    match object.identifier("id") {
        Some(id) if id != campaign => return Err(format!("is about another campaign, {id:?}")),
        _ => {}
    }
    Ok(Setting { ratio: ratio(&object)?, status: status(&object)? })
}

fn ratio(object: &Fields<'_>) -> Result<DialRatio, String> {
    let pacing = object.get("pacing").and_then(Fields::of_value);
    let pacing = pacing.ok_or_else(|| format!("has no pacing object: {}", object.described("pacing")))?;
    let ratio = pacing.number("dialRatio", ANY_RATIO).map_err(|reason| format!("is unusable: pacing.{reason}"))?;
    DialRatio::new(ratio).map_err(|error| format!("is unusable: pacing.dialRatio: {error}"))
}

fn status(object: &Fields<'_>) -> Result<Status, String> {
    match object.text("status").as_deref() {
        Some("active") => Ok(Status::Active),
        Some("paused") => Ok(Status::Paused),
        _ => Err(format!("is unusable: {}, neither \"active\" nor \"paused\"", object.described("status"))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_is_there() {
        let setting = Setting { ratio: DialRatio::new(1.25).unwrap(), status: Status::Active };
        for body in [
            r#"{"id": "7", "pacing": {"dialRatio": 1.25, "maxConcurrentCalls": null}, "status": "active", "x": 1}"#,
            r#"{"id": 7, "pacing": {"dialRatio": 1.25}, "status": "active"}"#,
            r#"{"pacing": {"dialRatio": 1.2500001}, "status": "active"}"#,
        ] {
            assert_eq!(read(body.as_bytes(), "7"), Ok(setting), "{body}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (body, reason) in [
            ("<html>", "is not a JSON object"),
            ("{}", "has no pacing object: pacing is missing"),
            (r#"{"id": "8"}"#, "is about another campaign, \"8\""),
            (r#"{"pacing": {}}"#, "is unusable: pacing.dialRatio is missing"),
            (r#"{"pacing": {"dialRatio": "1"}}"#, "is unusable: pacing.dialRatio is \"1\""),
            (
                r#"{"pacing": {"dialRatio": 7}}"#,
                "is unusable: pacing.dialRatio: 7 is no dial ratio: it must be a number from 0.1 to 5.0",
            ),
            (
                r#"{"pacing": {"dialRatio": 1}, "status": "stopped"}"#,
                "is unusable: status is \"stopped\", neither \"active\" nor \"paused\"",
            ),
            (r#"{"pacing": {"dialRatio": 1}}"#, "is unusable: status is missing, neither \"active\" nor \"paused\""),
        ] {
            assert_eq!(read(body.as_bytes(), "7"), Err(reason.to_owned()), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_ratio_ends_in_a_verdict(ratio in any::<f64>(), status in "\\PC{0,8}") {
            let body = serde_json::json!({"pacing": {"dialRatio": ratio}, "status": status}).to_string();
            let usable = (0.095..5.005).contains(&ratio) && (status == "active" || status == "paused");
            prop_assert_eq!(read(body.as_bytes(), "7").is_ok(), usable);
        }
    }
}
