//! `paced simulate`: compares policies on simulated shifts, or holds the simulator against theory.

mod compare;
mod list;
mod report;
mod validate;

use std::io::{self, ErrorKind};

use paced_core::params::ParamValue;

use super::exit::Exit;

/// The arguments of `paced simulate`.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("work").required(true))]
pub struct Args {
    /// Scenarios to compare policies on: shipped ones by name, your own by path, or `all` that ship
    #[arg(long, value_name = "S[,S2]", value_delimiter = ',', group = "work", requires = "policy")]
    pub scenario: Vec<String>,
    /// Policies to compare: built-in ones by name, components by path, constant ratios as `constant:1.5`
    #[arg(long, value_name = "P[,P2]", value_delimiter = ',', requires = "scenario")]
    pub policy: Vec<String>,
    /// Shifts of each policy in each scenario, each with a seed of its own
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub seeds: u32,
    /// The first seed; the others follow
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub first_seed: u64,
    /// Parameters, for every policy that has one of that name
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',', value_parser = parameter, requires = "policy")]
    pub params: Vec<(String, ParamValue)>,
    /// Also find the best constant ratio with hindsight, over 100 other seeds, and show policies beside it
    #[arg(long, requires = "scenario")]
    pub oracle: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Print one line of comma-separated values for each scenario and policy
    #[arg(long, conflicts_with = "json", requires = "scenario")]
    pub csv: bool,
    /// List the shipped scenarios
    #[arg(long, group = "work")]
    pub list: bool,
    /// Compare the simulator with theory: overdialling, Erlang-B, Erlang-A, constant patience, conservation
    #[arg(long, group = "work")]
    pub validate: bool,
    /// Independent runs of each case of --validate; four times as many halve the intervals
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub replications: u32,
    /// Seed of every run of --validate; the same seed gives the same table
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
}

/// A parameter's name and value, written as in TOML; what is no number, true or false is text.
fn parameter(text: &str) -> Result<(String, ParamValue), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    let parsed = value.parse::<toml_edit::Value>().ok().and_then(|value| crate::config::values::param(&value).ok());
    Ok((name.to_owned(), parsed.unwrap_or_else(|| ParamValue::Text(value.to_owned()))))
}

/// Does what the arguments ask for.
///
/// # Errors
/// A shift can't be counted on, or standard output can't be written.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let ended = match args {
        Args { list: true, .. } => list::run(args.json),
        Args { validate: true, .. } => validate::run(args),
        _ => compare::run(args),
    };
    match ended {
        // Whoever reads has seen enough.
        Err(error) if is_broken_pipe(&error) => Ok(Exit::Done),
        ended => ended,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_written_as_in_toml() {
        let table = [
            ("kp=0.2", ParamValue::Number(0.2)),
            ("n=3", ParamValue::Integer(3)),
            ("on=true", ParamValue::Flag(true)),
            ("word=fast", ParamValue::Text("fast".to_owned())),
            ("word=\"fast\"", ParamValue::Text("fast".to_owned())),
        ];
        for (text, value) in table {
            assert_eq!(parameter(text).map(|(_, value)| value), Ok(value), "{text}");
        }
        assert!(parameter("kp").is_err());
    }
}
