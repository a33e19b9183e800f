//! The outcome of golden cases in JUnit's format, which CI systems read.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::Ran;

/// The report on the cases of a policy; characters that XML can't have are left out.
pub(super) fn report(policy: &str, ran: &[Ran]) -> Result<String, SerializeError> {
    let mut suite = TestSuite::new(policy);
    suite.add_test_cases(ran.iter().map(|ran| {
        let mut case = TestCase::new(ran.case.name.as_str(), status(ran));
        case.set_classname(policy).set_time(ran.took);
        case
    }));
    suite.set_time(ran.iter().map(|ran| ran.took).sum());
    let mut report = Report::new("paced policy test");
    report.add_test_suite(suite);
    report.to_string()
}

fn status(ran: &Ran) -> TestCaseStatus {
    if ran.passed() {
        return TestCaseStatus::success();
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(format!("expected {}; actual {}", ran.case.expectation(), ran.actual));
    status
}
