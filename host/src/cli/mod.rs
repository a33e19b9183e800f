//! The command line: what can be asked of `paced`, and how each request ends.
//!
//! Exit codes: 0 done, 1 failed, 2 findings, 64 bad configuration or usage.

pub mod check;
pub mod control;
pub mod demo;
mod exit;
pub mod journal;
pub mod policy;
pub mod replay;
pub mod run;
mod signals;
pub mod simulate;
pub mod tenant;

use clap::{Parser, Subcommand};

pub use exit::Exit;

/// Keeps outbound campaigns at the right dial ratio, by pacing policies in sandboxed WebAssembly.
#[derive(Debug, Parser)]
#[command(name = "paced", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pace three simulated campaigns for an hour, in about a minute.
    Demo(demo::Args),
    /// Pace real campaigns, from a configuration or the environment.
    Run(run::Args),
    /// Report every problem of a configuration, and its request budget.
    Check(check::Args),
    /// Run a simulated platform to try paced against.
    Tenant(tenant::TenantArgs),
    /// Compare policies on simulated shifts, or the simulator with theory.
    Simulate(simulate::Args),
    /// Look into policies.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Read the journal.
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    /// Make a journal's decisions again, and compare them bit for bit.
    Replay(replay::Args),
    /// Pause a campaign of the running paced, until `resume`.
    Pause(control::Args),
    /// Resume a campaign that `pause` paused.
    Resume(control::Args),
    /// Let paced pace a campaign again that a person changed.
    Release(control::Args),
}

/// Runs what the command line asks for.
pub fn run(cli: Cli) -> anyhow::Result<Exit> {
    use paced_core::people::Command as Order;
    match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Tenant(args) => tenant::run_to_end(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Policy(command) => policy::run(&command),
        Command::Journal(command) => journal::run(&command),
        Command::Replay(args) => replay::run(&args),
        Command::Pause(args) => control::run(&args, Order::Pause),
        Command::Resume(args) => control::run(&args, Order::Resume),
        Command::Release(args) => control::run(&args, Order::Release),
    }
}
