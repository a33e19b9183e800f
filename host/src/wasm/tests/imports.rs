//! What a policy may not import, and what what std leaves behind comes to.

use super::*;

#[test]
fn forbidden_imports_are_refused_by_name() {
    for (import, way_out) in [
        ("wasi:clocks/wall-clock@0.2.6", "now-ms"),
        ("wasi:random/random@0.2.6", "BTreeMap"),
        ("paced:policy/secrets@0.1.0", "paced:policy/log"),
    ] {
        let (stage, words) = refusal_of(&format!(r#"(component (import "{import}" (instance)) {EMPTY_CONTROLLER})"#));
        assert_eq!(stage, "imports");
        assert!(words.contains(import) && words.contains(way_out), "{words}");
    }
}

#[test]
fn every_forbidden_import_is_named_at_once() {
    let (_, words) = refusal_of(&format!(
        r#"(component (import "wasi:http/types@0.2.6" (instance)) (import "odd" (func)) {EMPTY_CONTROLLER})"#
    ));
    assert_eq!(
        words,
        "it imports `wasi:http/types@0.2.6`, which a policy can't have (usually `reqwest`, `ureq` or another client): \
         no network reaches a policy; what it may know is in its input; `odd`, which a policy can't have (no other \
         interface is given to a policy): the only import that does anything is `paced:policy/log`; take out the crate \
         or the WIT that wants it"
    );
}

#[test]
fn a_log_of_another_type_is_refused() {
    let (stage, words) = refusal_of(&format!(
        r#"(component
            (import "paced:policy/log@0.1.0" (instance (export "write" (func (param "message" string)))))
            {EMPTY_CONTROLLER})"#
    ));
    assert_eq!(stage, "imports", "{words}");
}

/// Every interface of WASI 0.2 that would reach a clock, chance, a file or a network, and some of later proposals.
///
/// Seen to fail when `wasi:clocks` is added to the stubs.
#[test]
fn each_interface_of_wasi_that_reaches_out_is_refused() {
    const REACHING_OUT: &[(&str, &[&str])] = &[
        ("clocks", &["monotonic-clock", "wall-clock", "timezone"]),
        ("random", &["random", "insecure", "insecure-seed"]),
        ("filesystem", &["preopens", "types"]),
        (
            "sockets",
            &["instance-network", "ip-name-lookup", "network", "tcp", "tcp-create-socket", "udp", "udp-create-socket"],
        ),
        ("http", &["types", "outgoing-handler", "incoming-handler"]),
        ("cli", &["command", "run"]),
        ("config", &["store"]),
        ("keyvalue", &["store", "atomics", "batch"]),
        ("logging", &["logging"]),
        ("blobstore", &["blobstore"]),
        ("messaging", &["consumer"]),
        ("nn", &["graph", "inference"]),
    ];
    for (package, interfaces) in REACHING_OUT {
        for interface in *interfaces {
            let import = format!("wasi:{package}/{interface}@0.2.3");
            let (stage, words) =
                refusal_of(&format!(r#"(component (import "{import}" (instance)) {EMPTY_CONTROLLER})"#));
            assert_eq!(stage, "imports", "{words}");
            assert!(words.contains(&import) && words.contains("which a policy can't have ("), "{words}");
        }
    }
}
