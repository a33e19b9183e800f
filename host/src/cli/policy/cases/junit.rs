//! The outcome of golden cases in JUnit's format, which CI systems read.

use std::fmt::Write as _;

use super::Ran;

/// The report on the cases of a policy.
pub(super) fn report(policy: &str, ran: &[Ran]) -> String {
    let failures = ran.iter().filter(|ran| !ran.passed()).count();
    let seconds: f64 = ran.iter().map(|ran| ran.took.as_secs_f64()).sum();
    let totals = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" time=\"{seconds:.6}\"", ran.len());
    let policy = escaped(policy);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {totals}>\n  <testsuite name=\"{policy}\" {totals}>\n"
    );
    for ran in ran {
        let name = escaped(&ran.case.name);
        let took = ran.took.as_secs_f64();
        // Writing into a string can't fail.
        let _ = write!(xml, "    <testcase classname=\"{policy}\" name=\"{name}\" time=\"{took:.6}\"");
        if ran.passed() {
            xml.push_str("/>\n");
            continue;
        }
        let message = escaped(&format!("expected {}; actual {}", ran.case.expectation(), ran.actual));
        let _ = write!(xml, ">\n      <failure message=\"{message}\"/>\n    </testcase>\n");
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// Text for an attribute; characters that XML can't have become "?".
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' | '\r' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('?'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_not_break_out_of_an_attribute() {
        assert_eq!(escaped("a<b & \"c\"\n\u{1b}>"), "a&lt;b &amp; &quot;c&quot; ?&gt;");
    }
}
