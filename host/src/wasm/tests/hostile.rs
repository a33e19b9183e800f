//! What misbehaving policies come to: each ends as a fault of its class, and leaves the next call unharmed.

use std::time::Duration;

use paced_core::params::ParamValue;

use super::*;

#[test]
fn an_honest_policy_decides_and_says_what_it_used() {
    let decided = decide("(call $answer (f64.const 1.25))").unwrap();
    assert_eq!(decided.proposal.dial_ratio, Some(1.25));
    assert!((1..1_000).contains(&decided.fuel), "{}", decided.fuel);
    // A decision without a ratio holds on purpose.
    assert_eq!(decide("(i32.const 256)").unwrap().proposal.dial_ratio, None);
}

#[test]
fn fuel_is_the_same_on_every_call() {
    let mut policy = WasmPolicy::new(Hand::default().load(), &[]).unwrap();
    let first = policy.decide(&input()).unwrap();
    assert_eq!(policy.decide(&input()).unwrap(), first);
}

#[test]
fn nothing_outlives_a_call() {
    // It counts its calls in memory, and answers the count.
    let count = "(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))
        (call $answer (f64.convert_i32_u (i32.load (i32.const 4096))))";
    let mut policy = WasmPolicy::new(Hand::deciding(count).load(), &[]).unwrap();
    for _ in 0..40 {
        assert_eq!(policy.decide(&input()).unwrap().proposal.dial_ratio, Some(1.0));
    }
}

#[test]
fn an_endless_loop_ends_by_fuel() {
    assert_eq!(
        fault(FOREVER),
        (FaultClass::Fuel, "it used up its 50000000 units of fuel before it answered".to_owned())
    );
}

#[test]
fn an_endless_loop_ends_by_the_deadline_where_the_fuel_would_last() {
    let limits = Limits { fuel: 100_000_000_000, deadline: Duration::from_millis(10), ..Limits::default() };
    let fault = decide_with(FOREVER, &limits).unwrap_err();
    assert_eq!(fault.class, FaultClass::Deadline);
    assert_eq!(fault.message, "it ran into its deadline of 10 ms");
}

#[test]
fn logging_for_ever_ends_by_fuel() {
    let shout = "(loop $l (call $log (i32.const 1) (i32.const 4096) (i32.const 60000)) (br $l)) unreachable";
    assert_eq!(fault(shout).0, FaultClass::Fuel);
}

#[test]
fn growing_memory_ends_by_the_limit() {
    let grow = "(loop $l (drop (memory.grow (i32.const 1))) (br $l)) unreachable";
    assert_eq!(fault(grow), (FaultClass::Memory, "it wanted 8454144 bytes of memory; its limit is 8388608".to_owned()));
    // Up to the limit is fine, and a limit that is set higher is what counts.
    let to_the_limit = "(drop (memory.grow (i32.const 126))) (call $answer (f64.const 1))";
    assert!(decide(to_the_limit).is_ok());
    let beyond = "(drop (memory.grow (i32.const 127))) (call $answer (f64.const 1))";
    assert_eq!(fault(beyond).0, FaultClass::Memory);
    let limits = Limits { memory_bytes: 9 << 20, ..Limits::default() };
    assert!(decide_with(beyond, &limits).is_ok());
}

#[test]
fn a_component_that_starts_with_too_much_memory_is_a_memory_fault() {
    let hand = Hand { fields: "(memory $other 200)".to_owned(), ..Hand::default() };
    let error = engine().load(&hand.component(), &Limits::default()).unwrap_err();
    assert_eq!(error.stage().as_str(), "describe");
    assert!(error.to_string().contains("memory: it wanted"), "{error}");
}

#[test]
fn traps_are_named() {
    let (class, message) = fault("unreachable");
    assert_eq!(class, FaultClass::Trap);
    assert!(message.starts_with("it panicked or aborted without a word"), "{message}");
    for (body, words) in [
        ("(i32.load (i32.const -4))", "it trapped: out of bounds memory access"),
        ("(i32.div_u (i32.const 1) (i32.const 0))", "it trapped: integer divide by zero"),
    ] {
        assert_eq!(fault(body), (FaultClass::Trap, words.to_owned()));
    }
}

#[test]
fn endless_recursion_is_a_trap() {
    let hand = Hand {
        decide: "(call $deeper (i32.const 0))".to_owned(),
        fields: "(func $deeper (param i32) (result i32)
            (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (local.get 0)))"
            .to_owned(),
        ..Hand::default()
    };
    let fault = WasmPolicy::new(hand.load(), &[]).unwrap().decide(&input()).unwrap_err();
    assert_eq!((fault.class, fault.message.as_str()), (FaultClass::Trap, "it trapped: call stack exhausted"));
}

#[test]
fn a_panics_message_is_the_faults() {
    let hand = Hand {
        decide: "(call $log (i32.const 3) (i32.const 4096) (i32.const 31)) unreachable".to_owned(),
        fields: r#"(data (i32.const 4096) "panicked at lib.rs:3:\nno agents")"#.to_owned(),
        ..Hand::default()
    };
    let fault = WasmPolicy::new(hand.load(), &[]).unwrap().decide(&input()).unwrap_err();
    assert_eq!(fault.class, FaultClass::Trap);
    assert_eq!(fault.message, "panicked at lib.rs:3:\\nno agents");
}

#[test]
fn what_std_leaves_behind_is_harmless_until_it_is_called() {
    let with_wasi = |decide: &str| {
        let hand = Hand { with_wasi: true, ..Hand::deciding(decide) };
        WasmPolicy::new(hand.load(), &[]).unwrap().decide(&input())
    };
    assert!(with_wasi("(call $answer (f64.const 1))").is_ok());
    for (call, name) in [
        ("(call $exit (i32.const 0))", "wasi:cli/exit@0.2.6#exit"),
        ("(call $stderr)", "wasi:cli/stderr@0.2.6#get-stderr"),
    ] {
        let fault = with_wasi(&format!("{call} unreachable")).unwrap_err();
        assert_eq!(fault.class, FaultClass::Trap);
        assert_eq!(fault.message, format!("it called `{name}`, which no policy can use"));
    }
}

#[test]
fn an_error_of_the_policy_is_declined_in_its_own_words() {
    let (class, message) = fault("(call $decline (i32.const 32) (i32.const 13))");
    assert_eq!((class, message.as_str()), (FaultClass::Declined, "as it is told"));
    // However many they are.
    let (class, message) = fault("(call $decline (i32.const 4096) (i32.const 60000))");
    assert_eq!(class, FaultClass::Declined);
    assert!(message.len() < 600, "{}", message.len());
}

#[test]
fn a_faulty_call_leaves_the_next_one_unharmed() {
    // It traps while the ratio in force is above 1. The ratio stands at byte 104 of the input.
    let body = "(if (f64.gt (f64.load offset=104 (local.get $input)) (f64.const 1)) (then unreachable))
        (call $answer (f64.load offset=104 (local.get $input)))";
    let mut policy = WasmPolicy::new(Hand::deciding(body).load(), &[]).unwrap();
    for _ in 0..40 {
        assert_eq!(policy.decide(&input()).unwrap_err().class, FaultClass::Trap);
        let calm = Input { dial_ratio: 0.5, ..input() };
        assert_eq!(policy.decide(&calm).unwrap().proposal.dial_ratio, Some(0.5));
    }
}

#[test]
fn more_calls_at_once_than_the_pool_holds_all_get_their_turn() {
    let policy = WasmPolicy::new(Hand::default().load(), &[]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| assert!(policy.clone().decide(&input()).is_ok()));
        }
    });
}

#[test]
fn state_is_migrated_or_dropped() {
    // The default refuses.
    let mut refuses = WasmPolicy::new(Hand::default().load(), &[]).unwrap();
    assert_eq!(refuses.migrate(1, b"old"), None);
    let hand = Hand {
        migrate: "(i32.store8 (i32.const 320) (i32.const 0)) (i32.store (i32.const 324) (local.get $state))
            (i32.store (i32.const 328) (local.get $length)) (i32.const 320)"
            .to_owned(),
        ..Hand::default()
    };
    assert_eq!(WasmPolicy::new(hand.load(), &[]).unwrap().migrate(1, b"old"), Some(b"old".to_vec()));
    let faulty = Hand { migrate: "unreachable".to_owned(), ..Hand::default() };
    assert_eq!(WasmPolicy::new(faulty.load(), &[]).unwrap().migrate(1, b"old"), None);
}

#[test]
fn params_are_resolved_against_the_descriptor_and_part_of_the_revision() {
    let loaded = Hand::default().load();
    let number = |x| vec![("kp".to_owned(), ParamValue::Number(x))];
    let default = WasmPolicy::new(Arc::clone(&loaded), &[]).unwrap();
    assert_eq!(default.params(), number(0.15));
    let same = WasmPolicy::new(Arc::clone(&loaded), &number(0.15)).unwrap();
    assert_eq!(default.revision(), same.revision());
    let other = WasmPolicy::new(Arc::clone(&loaded), &number(0.2)).unwrap();
    assert_ne!(default.revision(), other.revision());
    assert!(WasmPolicy::new(loaded, &number(9.0)).is_err());
}
