//! `paced replay`: a journal's decisions made again, and compared bit for bit; or another policy's beside them.
//!
//! Exit codes: 0 everything came out the same; 2 something differs, is damaged, or can't be compared; 1 there is no
//! journal to read; 64 what was asked for can't be. With `--policy` the record is replayed and compared all the same,
//! since the other policy is shown what the replay came to; that the two policies differ is no finding.

mod json;
mod other;
mod text;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};

use super::exit::Exit;
use super::policy::component::LimitArgs;
use crate::journal::{JournalError, JournalReader, path_in};
use crate::replay::{CampaignReport, Components, OpenLoop, replay};
use crate::wasm::{Engine, WasmPolicy};

/// The most problems of the file's structure that are named.
const FILE_PROBLEMS: usize = 5;

/// Arguments of `paced replay`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The journal, or the data directory it lies in; components are looked for beside it
    pub journal: PathBuf,
    /// Only this campaign
    #[arg(long, value_name = "ID")]
    pub campaign: Option<String>,
    /// Another policy to show the same readings: a component's file, or the name of a built-in one
    #[arg(long, value_name = "FILE|NAME")]
    pub policy: Option<PathBuf>,
    /// Its params, such as `kp=0.2,target=30`
    #[arg(long, value_name = "NAME=VALUE,...", value_delimiter = ',', requires = "policy")]
    pub params: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// What a replay of a journal came to.
struct Replayed {
    journal: PathBuf,
    /// The other policy.
    policy: Option<WasmPolicy>,
    /// What is wrong with the file's structure.
    file: Vec<String>,
    campaigns: Vec<CampaignReport>,
}

impl Replayed {
    fn is_clean(&self) -> bool {
        self.file.is_empty() && self.campaigns.iter().all(CampaignReport::is_clean)
    }
}

/// Replays a journal and prints what came of it.
///
/// # Errors
/// There is no journal, it is none, or the answer can't be written.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    run_to(args, &mut io::stdout().lock())
}

fn run_to(args: &Args, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let engine = Engine::start()?;
    let policy = match args.policy.as_deref().map(|name| other::policy(name, args, &engine)).transpose() {
        Ok(policy) => policy,
        Err(problem) => return complain(&problem),
    };
    let path = path_in(&args.journal);
    let opened = JournalReader::open(&path).and_then(|reader| Ok((reader.can_replay()?, reader)));
    let reader = match opened {
        Ok((true, reader)) => reader,
        Ok((false, _)) => bail!("{} was written by a paced that kept too little to replay it", path.display()),
        Err(error) => return damaged(error, out),
    };
    let campaigns = match reader.campaigns() {
        Ok(campaigns) => campaigns,
        Err(error) => return damaged(error, out),
    };
    let asked_for = match &args.campaign {
        None => campaigns,
        Some(id) => match campaigns.iter().find(|(campaign, _)| campaign == id) {
            Some(found) => vec![found.clone()],
            None => return complain(&unknown(id, &campaigns)),
        },
    };
    let folder = path.parent().unwrap_or(Path::new("")).join("components");
    let mut components = Components::new(engine, &reader, folder);
    let mut replayed = Replayed { file: check(&reader), journal: path, policy, campaigns: Vec::new() };
    for (campaign, decisions) in &asked_for {
        let progress = progress_bar(campaign, u64::from(*decisions));
        let open_loop = replayed.policy.clone().map(OpenLoop::new);
        match replay(&reader, &mut components, campaign, open_loop, |decision| progress.set_position(decision)) {
            Ok(report) => replayed.campaigns.push(report),
            Err(error) => replayed.file.push(format!("campaign {campaign} can't be replayed: {error}")),
        }
        progress.finish_and_clear();
    }
    let print = if args.json { json::print } else { text::print };
    match print(&replayed, out).and_then(|()| out.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        ended => ended?,
    }
    Ok(if replayed.is_clean() { Exit::Done } else { Exit::Findings })
}

/// A damaged journal is what a replay looks for; that there is none, or another file, is a mistake of the caller.
fn damaged(error: JournalError, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if !matches!(error, JournalError::Corrupt { .. }) {
        return Err(error.into());
    }
    writeln!(out, "{:#}", anyhow::Error::from(error))?;
    Ok(Exit::Findings)
}

/// What SQLite finds wrong with the structure of the file; the rows that can still be read are replayed all the same.
fn check(reader: &JournalReader) -> Vec<String> {
    reader.check(FILE_PROBLEMS).unwrap_or_else(|error| vec![error.to_string()])
}

fn unknown(id: &str, campaigns: &[(String, u32)]) -> String {
    let known: Vec<_> = campaigns.iter().map(|(campaign, _)| campaign.as_str()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("the journal has no decisions of campaign `{id}`; it has those of {known}")
}

#[expect(clippy::print_stderr, reason = "wrong usage is an error of the command")]
fn complain(problem: &str) -> anyhow::Result<Exit> {
    eprintln!("paced: {problem}");
    Ok(Exit::Usage)
}

/// On standard error, and only on a terminal.
fn progress_bar(campaign: &str, decisions: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg}: {human_pos} of {human_len} decisions  {wide_bar:.cyan/dim}  {eta} left")
            .expect("the template is well formed");
    ProgressBar::new(decisions).with_style(style).with_message(format!("campaign {campaign}"))
}

#[cfg(test)]
mod tests;
