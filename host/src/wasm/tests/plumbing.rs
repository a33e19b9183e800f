//! Misbehaviour outside of `decide` itself: in the allocator that the host calls, in what runs before and after, in
//! `describe` and `migrate`, and in the log.

use super::*;

#[test]
fn an_allocator_that_lies_or_never_ends_is_a_fault_of_its_call() {
    for (realloc, class, words) in [
        ("(i32.const -8)", FaultClass::BadOutput, "what it handed over can't be read: "),
        ("(i32.const 0x7ffffff8)", FaultClass::BadOutput, "what it handed over can't be read: "),
        ("(i32.const 65537)", FaultClass::BadOutput, "what it handed over can't be read: "),
        ("unreachable", FaultClass::Trap, "it panicked or aborted without a word"),
        (FOREVER, FaultClass::Fuel, "it used up its 50000000 units of fuel"),
    ] {
        let hand = Hand { realloc: realloc.to_owned(), ..Hand::default() };
        let fault = decided_by(&hand, &Limits::default()).unwrap_err();
        assert_eq!(fault.class, class, "{realloc}: {fault}");
        assert!(fault.message.starts_with(words), "{realloc}: {fault}");
    }
}

#[test]
fn an_allocator_that_gives_the_same_room_twice_only_fools_its_own_policy() {
    let hand = Hand {
        realloc: "(i32.const 65536)".to_owned(),
        decide: "(call $answer (f64.load offset=104 (local.get $input)))".to_owned(),
        ..Hand::default()
    };
    let mut policy = WasmPolicy::new(hand.load(), &[]).unwrap();
    // What it reads back is not what it was told, or can't be read, but it is the same each time.
    let first = policy.decide(&input());
    assert_eq!(policy.decide(&input()), first);
}

#[test]
fn an_answer_counts_only_if_what_comes_after_it_ends_well() {
    for (post_return, class) in [
        ("unreachable", FaultClass::Trap),
        (FOREVER, FaultClass::Fuel),
        ("(drop (memory.grow (i32.const 1000)))", FaultClass::Memory),
    ] {
        let hand = Hand { post_return: post_return.to_owned(), ..Hand::default() };
        assert_eq!(decided_by(&hand, &Limits::default()).unwrap_err().class, class, "{post_return}");
    }
    let hand = Hand { post_return: "(global.set $heap (local.get $answered))".to_owned(), ..Hand::default() };
    assert!(decided_by(&hand, &Limits::default()).is_ok());
}

#[test]
fn a_start_function_is_bounded_like_a_call() {
    for (start, words) in [
        (FOREVER, "it can't describe itself: fuel: it used up its 50000000 units"),
        ("unreachable", "it can't describe itself: trap: it panicked or aborted without a word"),
        ("(drop (memory.grow (i32.const 1000)))", "it can't describe itself: memory: it wanted 65667072 bytes"),
        ("(call $start)", "it can't describe itself: trap: it trapped: call stack exhausted"),
    ] {
        let fields = format!("(func $start {start}) (start $start)");
        let (stage, refused) = refusal_of_hand(&Hand { fields, ..Hand::default() });
        assert_eq!(stage, "describe");
        assert!(refused.starts_with(words), "{refused}");
    }
}

/// Seen to fail when `v0_1` sets the store's fuel anew once there is an instance.
#[test]
fn a_start_function_that_takes_nearly_all_fuel_leaves_little_for_the_call() {
    // Seven units a turn: 49 million units before the call, which needs two million itself.
    let spin = |turns: u32| {
        format!(
            "(local $n i32) (loop $l (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
            (i32.const {turns}))))"
        )
    };
    let hand = Hand {
        fields: format!("(func $start {}) (start $start)", spin(7_000_000)),
        decide: format!("{} (call $answer (f64.const 1))", spin(300_000)),
        ..Hand::default()
    };
    assert_eq!(decided_by(&hand, &Limits::default()).unwrap_err().class, FaultClass::Fuel);
}

#[test]
fn filling_and_copying_memory_costs_fuel_by_the_byte() {
    for bulk in [
        "(memory.fill (i32.const 4096) (i32.const 7) (i32.const 60000))",
        "(memory.copy (i32.const 4096) (i32.const 4097) (i32.const 60000))",
    ] {
        // 60,000 bytes a thousand times are 60 million units, a thousand instructions are not.
        let body = format!(
            "(local $n i32) (loop $l {bulk} (br_if $l (i32.lt_u
                (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))
             (call $answer (f64.const 1))"
        );
        assert_eq!(fault(&body).0, FaultClass::Fuel, "{bulk}");
    }
}

#[test]
fn a_table_grows_to_its_limit_and_no_further() {
    let hand = |elements: u32| Hand {
        fields: "(table $t 1 funcref)".to_owned(),
        decide: format!("(call $answer (f64.convert_i32_s (table.grow $t (ref.null func) (i32.const {elements}))))"),
        ..Hand::default()
    };
    let grown = |elements| decided_by(&hand(elements), &Limits::default()).map(|decided| decided.proposal.dial_ratio);
    // The table's size before, or -1.
    assert_eq!(grown(10), Ok(Some(1.0)));
    assert_eq!(grown(70_000), Ok(Some(-1.0)));
    assert_eq!(grown(u32::MAX).unwrap_err().class, FaultClass::Fuel, "each element costs a unit, before it is there");
}

#[test]
fn more_memories_or_tables_than_a_policy_needs_are_refused() {
    for fields in ["(memory $a 1) (memory $b 1)".to_owned(), "(table 1 funcref)".repeat(40)] {
        let (stage, refused) = refusal_of_hand(&Hand { fields: fields.clone(), ..Hand::default() });
        assert!(matches!(stage, "compile" | "imports" | "describe"), "{fields}: {refused}");
    }
}

#[test]
fn what_describe_hands_over_is_bounded_too() {
    for describe in [
        // A name of 100,000 bytes, one of 10 MB beyond the memory, and one that is not UTF-8.
        "(i32.store (i32.const 68) (i32.const 100000)) (i32.const 64)",
        "(i32.store (i32.const 68) (i32.const 10485760)) (i32.const 64)",
        "(i32.store (i32.const 16) (i32.const 255)) (i32.const 64)",
        // Four billion params, and a thousand of them.
        "(i32.store (i32.const 96) (i32.const -1)) (i32.const 64)",
        "(i32.store (i32.const 92) (i32.const 4096)) (i32.store (i32.const 96) (i32.const 900)) (i32.const 64)",
        FOREVER,
        "unreachable",
    ] {
        let (stage, refused) = refusal_of_hand(&Hand { describe: describe.to_owned(), ..Hand::default() });
        assert_eq!(stage, "describe", "{describe}");
        assert!(refused.len() < 1_200, "{} bytes", refused.len());
    }
}

#[test]
fn a_migration_that_misbehaves_only_costs_the_state() {
    for migrate in [
        FOREVER,
        "unreachable",
        // A megabyte, and four gigabytes.
        "(i32.store (i32.const 324) (i32.const 0)) (i32.store (i32.const 328) (i32.const 131072)) (i32.const 320)",
        "(i32.store (i32.const 324) (i32.const 0)) (i32.store (i32.const 328) (i32.const -1)) (i32.const 320)",
        "(i32.const -4)",
    ] {
        let hand = Hand { migrate: migrate.to_owned(), ..Hand::default() };
        let mut policy = WasmPolicy::new(hand.load(), &[]).unwrap();
        assert_eq!(policy.migrate(1, b"old"), None, "{migrate}");
        assert!(policy.decide(&input()).is_ok(), "{migrate}");
    }
}

#[test]
fn a_log_that_can_not_be_read_is_a_fault_and_one_that_floods_is_not() {
    let (class, message) =
        fault("(call $log (i32.const 1) (i32.const -16) (i32.const 8)) (call $answer (f64.const 1))");
    assert_eq!(class, FaultClass::BadOutput, "{message}");
    let (class, message) =
        fault("(call $log (i32.const 77) (i32.const 16) (i32.const 4)) (call $answer (f64.const 1))");
    assert_eq!(class, FaultClass::BadOutput, "{message}");
    let flood = "(local $n i32) (loop $l (call $log (i32.const 1) (i32.const 16) (i32.const 4)) (br_if $l (i32.lt_u
            (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10000))))
        (call $answer (f64.const 1))";
    let decided = decide(flood).unwrap();
    assert_eq!(decided.proposal.dial_ratio, Some(1.0));
    assert!(decided.fuel > 10_000 * (500 + 4), "{}", decided.fuel);
}

/// Seen to fail when a line of log costs fuel by its bytes only: it then ends by the deadline, or not at all.
#[test]
fn empty_lines_of_log_use_up_fuel_too() {
    let silence = "(loop $l (call $log (i32.const 1) (i32.const 16) (i32.const 0)) (br $l)) unreachable";
    assert_eq!(fault(silence).0, FaultClass::Fuel);
}
