//! `paced check`: every problem of a configuration at once, and the request budget.
//!
//! It starts nothing and asks the platform nothing. Findings go to the output, one a line; only a file that can't be
//! read at all is an error of the command itself.

use std::io::{self, Write};
use std::path::PathBuf;

use super::exit::Exit;
use crate::config::{self, Checked, Config, Finding, Inputs, Overrides, Severity, Unreadable};
use crate::policies;
use crate::shipped;
use crate::wasm::Engine;

/// Arguments of `paced check`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The configuration to check
    #[arg(long, value_name = "FILE", default_value = "paced.toml")]
    pub config: PathBuf,
    /// Print the findings as JSON, one a line, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// What `paced check` came to.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing runs into trouble; there may be warnings.
    Clean,
    /// There are errors in the file.
    Findings,
    /// The file can't be read.
    Usage(Unreadable),
}

impl Outcome {
    /// The exit code of the process.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 2,
            Self::Usage(_) => 64,
        }
    }
}

/// Checks a configuration and prints what is wrong with it. `check_policies` gives the findings that need the
/// policies themselves; it is asked about the file with defaults in place of what is wrong.
///
/// # Errors
/// `out` can't be written.
pub fn check(
    args: &Args,
    inputs: &Inputs<'_>,
    check_policies: &dyn Fn(&Config) -> Vec<Finding>,
    out: &mut dyn Write,
) -> io::Result<Outcome> {
    let checked = match config::load(&args.config, inputs) {
        Ok(checked) => checked,
        Err(unreadable) => return Ok(Outcome::Usage(unreadable)),
    };
    let of_policies = checked.draft.as_ref().map(check_policies).unwrap_or_default();
    let mut findings = [&*checked.findings, &*checked.budget_findings, &*of_policies].concat();
    findings.sort();
    if args.json {
        print_json(&findings, out)?;
    } else {
        print_findings(&findings, out)?;
        print_summary(&args.config.display().to_string(), &findings, &checked, out)?;
    }
    Ok(if findings.iter().any(Finding::is_error) { Outcome::Findings } else { Outcome::Clean })
}

/// Checks the configuration that `args` name, with the environment and the built-in policies, on standard output.
///
/// # Errors
/// Standard output can't be written.
#[expect(clippy::print_stderr, reason = "a file that can't be read is an error of the command")]
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let env = |name: &str| std::env::var(name).ok();
    let (overrides, built_in) = (Overrides::default(), shipped::names());
    let inputs = Inputs { env: &env, overrides: &overrides, built_in: &built_in };
    let engine = Engine::start()?;
    let check_policies = |config: &Config| policies::check(config, &engine);
    let outcome = check(args, &inputs, &check_policies, &mut io::stdout().lock())?;
    Ok(match outcome {
        Outcome::Clean => Exit::Done,
        Outcome::Findings => Exit::Findings,
        Outcome::Usage(unreadable) => {
            eprintln!("paced: {unreadable}");
            Exit::Usage
        }
    })
}

/// Prints findings for people, one a line.
///
/// # Errors
/// `out` can't be written.
pub fn print_findings(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))
}

fn print_json(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    for finding in findings {
        serde_json::to_writer(&mut *out, finding)?;
        writeln!(out)?;
    }
    Ok(())
}

fn print_summary(file: &str, findings: &[Finding], checked: &Checked, out: &mut dyn Write) -> io::Result<()> {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let mut summary = plural(errors, "problem");
    if warnings > 0 {
        summary = format!("{summary}, {}", plural(warnings, "warning"));
    }
    writeln!(out, "{file}: {summary}")?;
    if let Some(budget) = &checked.budget {
        writeln!(out, "{budget}")?;
    }
    Ok(())
}

fn plural(count: usize, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    const GOOD: &str = "[platform]\nbase_url = \"https://host\"\nclient_id = \"id\"\n\
                        [[campaigns]]\nid = \"1\"\ntotal_agents = 5\n";

    /// Checks a file of this text, and gives the exit code and what was printed, with FILE for its path.
    fn run(text: &str, json: bool, check_policies: &dyn Fn(&Config) -> Vec<Finding>) -> (u8, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("paced.toml");
        std::fs::write(&path, text).unwrap();
        let env = |name: &str| (name == "CXONE_CLIENT_SECRET").then(|| "hunter2".to_owned());
        let inputs = Inputs { env: &env, overrides: &Overrides::default(), built_in: &["proportional", "fixed"] };
        let mut out = Vec::new();
        let args = Args { config: path.clone(), json };
        let outcome = check(&args, &inputs, check_policies, &mut out).unwrap();
        (outcome.code(), String::from_utf8(out).unwrap().replace(&path.display().to_string(), "FILE"))
    }

    #[test]
    fn a_clean_file_prints_its_budget_and_exits_0() {
        let (code, out) = run(GOOD, false, &|_| Vec::new());
        assert_eq!(
            out,
            "FILE: no problems\n1 campaign every 15 s in batches of 50 needs 4 of 100 analytics requests a minute\n"
        );
        assert_eq!(code, 0);
    }

    #[test]
    fn warnings_alone_exit_0_and_errors_2() {
        let warned = GOOD.replace("client_id", "client_secret = \"hunter2\"\nclient_id");
        let (code, out) = run(&warned, false, &|_| Vec::new());
        assert!(
            out.starts_with("FILE:3: warning: platform.client_secret = (hidden): set CXONE_CLIENT_SECRET"),
            "{out}"
        );
        assert!(out.contains("FILE: no problems, 1 warning\n"), "{out}");
        assert_eq!(code, 0);

        let (code, out) = run(&GOOD.replace("= 5", "= 0"), false, &|_| Vec::new());
        assert!(out.starts_with("FILE:6: campaigns.\"1\".total_agents = 0: must be a whole number from 1"), "{out}");
        assert_eq!(code, 2);
    }

    #[test]
    fn a_syntax_error_is_a_finding() {
        let (code, out) = run("[platform\n", false, &|_| Vec::new());
        assert!(out.starts_with("FILE:1: not TOML: "), "{out}");
        assert!(out.ends_with("FILE: 1 problem\n"), "{out}");
        assert_eq!(code, 2);
    }

    #[test]
    fn a_budget_that_does_not_fit_is_a_finding_but_the_file_could_run() {
        let greedy = GOOD.replace("total_agents", "poll_interval = \"500ms\"\ntotal_agents");
        let (code, out) = run(&greedy, false, &|_| Vec::new());
        assert!(out.starts_with("FILE:1: platform.analytics_per_minute: 1 campaign every 0.5 s"), "{out}");
        assert!(out.contains("make poll_interval 1.22 times as long"), "{out}");
        assert_eq!(code, 2);
    }

    #[test]
    fn what_the_policies_say_counts_too() {
        let (code, out) = run(GOOD, true, &|config| {
            let (file, key) = (config.source.clone(), "policies.x".to_owned());
            vec![Finding { file, line: Some(9), key, value: None, severity: Severity::Error, message: "no".to_owned() }]
        });
        let line = r#"{"file":"FILE","line":9,"key":"policies.x","value":null,"severity":"error","message":"no"}"#;
        assert_eq!((code, out), (2, format!("{line}\n")));
    }

    #[test]
    fn a_file_that_is_not_there_is_a_usage_error() {
        let args = Args { config: "/nowhere/paced.toml".into(), json: false };
        let inputs = Inputs { env: &|_| None, overrides: &Overrides::default(), built_in: &[] };
        let mut out = Vec::new();
        let outcome = check(&args, &inputs, &|_| Vec::new(), &mut out).unwrap();
        assert_eq!((outcome.code(), out.len()), (64, 0));
        let Outcome::Usage(unreadable) = outcome else { panic!("{outcome:?}") };
        assert!(unreadable.to_string().starts_with("can't read the configuration /nowhere/paced.toml: "));
    }
}
