//! What a misbehaving policy hands over: the host reads it within bounds, and takes only what the contract allows.

use paced_core::config::CampaignConfig;
use paced_core::guard;
use paced_core::ratio::DialRatio;
use paced_core::trip::Evidence;

use super::*;

/// Megabytes of text that hostile guests hand over, and memory enough to hold them.
const TEN_MB: u32 = 10 << 20;

fn roomy() -> Limits {
    Limits { memory_bytes: 16 << 20, ..Limits::default() }
}

/// Seen to fail when `policy::check` lets a ratio pass that is not finite.
#[test]
fn ratios_that_are_not_finite_are_bad_output() {
    for ratio in ["nan", "inf", "-inf"] {
        let (class, message) = fault(&format!("(call $answer (f64.const {ratio}))"));
        assert_eq!(class, FaultClass::BadOutput);
        assert!(message.starts_with("its dial ratio is "), "{message}");
    }
}

/// Seen to fail when `guard::rule` leaves out its bounds.
#[test]
fn absurd_ratios_pass_the_host_and_end_at_the_guard() {
    let config = CampaignConfig::with_defaults("1", 20);
    let current = DialRatio::new(1.5).unwrap();
    for (ratio, ruled) in
        [("1.7976931348623157e308", 2.0), ("-1.7976931348623157e308", 0.1), ("-0", 0.1), ("5e-324", 0.1)]
    {
        let proposed = decide(&format!("(call $answer (f64.const {ratio}))")).unwrap().proposal.dial_ratio.unwrap();
        let ruling = guard::rule(&config, current, proposed, &Evidence::default(), 20.0);
        assert_eq!(ruling.ratio.value(), ruled, "{ratio}");
        assert_eq!(ruling.reasons[0].as_str(), "bounds", "{ratio}");
    }
}

#[test]
fn nan_has_one_bit_pattern() {
    // 0/0 has a sign of the machine's choice: canonical, it is positive.
    let sign = "(call $answer (f64.convert_i64_u (i64.shr_u
        (i64.reinterpret_f64 (f64.div (f64.const 0) (f64.load (i32.const 4096)))) (i64.const 63))))";
    assert_eq!(decide(sign).unwrap().proposal.dial_ratio, Some(0.0));
}

#[test]
fn output_over_its_limits_is_bad_output_with_the_limit() {
    for (body, words) in [
        (with_list(REASON, 4096, 257), "its reason has 257 bytes: at most 256 are taken"),
        (with_list(SIGNALS, 4096, 33), "it gives 33 signals: at most 32 are taken"),
        (with_list(SIGNALS, 4096, 1), "a signal is named \"\": a name has 1 to 64 bytes"),
        (with_list(STATE, 4096, 16_385), "its state has 16385 bytes: at most 16384 are taken"),
    ] {
        assert_eq!(fault(&body), (FaultClass::BadOutput, words.to_owned()));
    }
    let state = decide(&with_list(STATE, 4096, 16_384)).unwrap().proposal.state;
    assert_eq!(state.len(), 16_384);
}

#[test]
fn empty_texts_and_lists_are_fine_but_for_the_name_of_a_signal() {
    let decided = decide("(call $answer (f64.const 1))").unwrap().proposal;
    assert_eq!((decided.reason.as_str(), decided.signals.len(), decided.state.len()), ("", 0, 0));
    let fault = fault("(call $decline (i32.const 0) (i32.const 0))");
    assert_eq!(fault, (FaultClass::Declined, String::new()));
}

/// Seen to fail when `call::open` sets no `hostcall_fuel`.
#[test]
fn texts_of_ten_megabytes_are_not_even_copied() {
    let grow = "(drop (memory.grow (i32.const 200)))";
    for body in [
        with_list(REASON, 0, TEN_MB),
        with_list(STATE, 0, TEN_MB),
        format!("(i32.store (i32.const 4100) (i32.const {TEN_MB})) {}", with_list(SIGNALS, 4096, 1)),
        format!("(call $decline (i32.const 0) (i32.const {TEN_MB}))"),
        format!("(call $log (i32.const 1) (i32.const 0) (i32.const {TEN_MB})) (call $answer (f64.const 1))"),
    ] {
        let fault = decide_with(&format!("{grow} {body}"), &roomy()).unwrap_err();
        assert_eq!(fault.class, FaultClass::BadOutput, "{fault}");
        assert!(fault.message.starts_with("what it handed over can't be read: "), "{fault}");
    }
}

#[test]
fn texts_that_are_not_utf_8_are_bad_output_wherever_they_stand() {
    let invalid = "(i32.store (i32.const 4096) (i32.const 0x80ff)) (i32.store (i32.const 8192) (i32.const 4096))
        (i32.store (i32.const 8196) (i32.const 2))";
    for body in [
        with_list(REASON, 4096, 2),
        with_list(SIGNALS, 8192, 1),
        "(call $decline (i32.const 4096) (i32.const 2))".to_owned(),
        "(call $log (i32.const 1) (i32.const 4096) (i32.const 2)) (call $answer (f64.const 1))".to_owned(),
    ] {
        let (class, message) = fault(&format!("{invalid} {body}"));
        assert_eq!(class, FaultClass::BadOutput, "{message}");
        assert!(message.contains("utf-8"), "{message}");
    }
}

#[test]
fn a_signal_that_is_no_number_is_bad_output() {
    for value in ["nan", "inf", "-inf"] {
        let signal = format!(
            "(i32.store (i32.const 4096) (i32.const 16)) (i32.store (i32.const 4100) (i32.const 4))
             (f64.store (i32.const 4104) (f64.const {value})) {}",
            with_list(SIGNALS, 4096, 1)
        );
        let (class, message) = fault(&signal);
        assert_eq!(class, FaultClass::BadOutput);
        assert!(message.starts_with("its signal \"test\" is "), "{message}");
    }
}

#[test]
fn answers_that_cannot_be_read_are_bad_output() {
    for body in [
        // Not UTF-8.
        "(i32.store8 (i32.const 4096) (i32.const 255)) (call $decline (i32.const 4096) (i32.const 1))".to_owned(),
        // Outside the memory.
        with_list(STATE, 100, 0x7fff_ffff),
        "(i32.const -8)".to_owned(),
        // Not aligned.
        "(i32.const 257)".to_owned(),
        // No such variant.
        "(i32.store8 (i32.const 264) (i32.const 9)) (i32.const 256)".to_owned(),
        // A megabyte of state, more than the host cares to copy.
        format!("(drop (memory.grow (i32.const 32))) {}", with_list(STATE, 0, 1 << 20)),
    ] {
        let (class, message) = fault(&body);
        assert_eq!(class, FaultClass::BadOutput, "{message}");
        assert!(message.starts_with("what it handed over can't be read: "), "{message}");
    }
}

#[test]
fn lists_without_end_are_not_allocated() {
    for list in [REASON, SIGNALS, STATE] {
        for length in [u32::MAX, 1 << 31, (1 << 28) + 1] {
            let (class, message) = fault(&with_list(list, 4096, length));
            assert_eq!(class, FaultClass::BadOutput, "{message}");
            assert!(message.starts_with("what it handed over can't be read: "), "{message}");
        }
    }
}

#[test]
fn many_signals_with_one_long_name_do_not_multiply_in_the_host() {
    // 20,000 signals, each named by the same 100,000 bytes: 2 GB once copied.
    let body = format!(
        "(local $at i32) (local.set $at (i32.const 131072)) (drop (memory.grow (i32.const 8)))
         (loop $l
            (i32.store (local.get $at) (i32.const 0))
            (i32.store offset=4 (local.get $at) (i32.const 100000))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (br_if $l (i32.lt_u (local.get $at) (i32.const 451072))))
         {}",
        with_list(SIGNALS, 131_072, 20_000)
    );
    assert_eq!(fault(&body).0, FaultClass::BadOutput);
}

/// Seen to fail when `policy::check_state` compares with twice the limit.
#[test]
fn state_that_grows_with_each_call_ends_at_its_limit_and_what_was_there_stays() {
    // It returns the state that it finds, and 1 KiB more.
    let grow = format!(
        "(i32.store (i32.const {STATE}) (i32.const 65536))
         (i32.store (i32.const {}) (i32.add (i32.load offset=268 (local.get $input)) (i32.const 1024)))
         (call $answer (f64.const 1))",
        STATE + 4
    );
    let mut policy = WasmPolicy::new(Hand::deciding(&grow).load(), &[]).unwrap();
    let mut state = Vec::new();
    for calls in 1..=16 {
        state = policy.decide(&Input { state, ..input() }).unwrap().proposal.state;
        assert_eq!(state.len(), calls * 1024);
    }
    let shown = Input { state, ..input() };
    for _ in 0..3 {
        let fault = policy.decide(&shown).unwrap_err();
        assert_eq!(fault.to_string(), "bad-output: its state has 17408 bytes: at most 16384 are taken");
    }
}
