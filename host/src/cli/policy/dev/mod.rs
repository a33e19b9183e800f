//! `paced policy dev`: a policy's sources, built whenever they change and swapped into a running demo.
//!
//! The demo is the ordinary daemon, so a new build comes in the way it would in production: its file changes, the
//! watch notices, the pipeline examines it, and the campaigns go on with the state that they had. A build that fails,
//! or that paced would refuse, leaves the running one alone.

mod build;
mod sources;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::MultiProgress;
use tokio::runtime::Builder;

use self::build::Build;
use self::sources::Sources;
use super::component::{self, LimitArgs};
use super::{Exit, PolicyCommandError};
use crate::cli::demo::{self, Progress, Rehearsal};
use crate::cli::run::time_scale;
use crate::cli::signals;
use crate::wasm::Engine;

/// How often the sources are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// A session ends by itself after a day of platform time.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Arguments of `paced policy dev`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Folder of the policy's crate
    pub dir: PathBuf,
    /// Seed of the simulated call centre
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Run the platform's clock so many times as fast as the wall
    #[arg(long, default_value_t = 15.0, value_parser = time_scale)]
    pub time_scale: f64,
    /// Where journal and log go; what an earlier demo left there is replaced
    #[arg(long, default_value = "paced-data/dev")]
    pub data_dir: PathBuf,
    /// Build for this target
    #[arg(long, default_value = "wasm32-unknown-unknown")]
    pub target: String,
    /// More arguments for `cargo build`
    #[arg(last = true, value_name = "CARGO ARGS")]
    pub cargo_args: Vec<String>,
}

/// Builds, runs and rebuilds until a signal, or for a day of platform time.
///
/// # Errors
/// There is no crate, or the demo can't run.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let sources = Sources::of(&args.dir).map_err(|error| PolicyCommandError::Usage(error.to_string()))?;
    demo::clear(&args.data_dir)?;
    let is_terminal = io::stdout().is_terminal();
    demo::start_log(&args.data_dir, is_terminal)?;
    let engine = Engine::start()?;
    let runtime = Builder::new_multi_thread().enable_all().build().context("can't start the runtime")?;
    let exit = runtime.block_on(async {
        let (signal, session) = (signals::first(), session(args, sources, engine, is_terminal));
        tokio::select! {
            first = signal => first.context("can't wait for signals").map(|()| Exit::Done),
            ended = session => ended,
        }
    });
    runtime.shutdown_background();
    exit
}

async fn session(args: &Args, mut sources: Sources, engine: Engine, is_terminal: bool) -> anyhow::Result<Exit> {
    let shop = Shop { args: args.clone(), engine };
    let say = Say::plainly(is_terminal);
    let component = loop {
        if let Some(component) = shop.build(&say).await? {
            break component;
        }
        sources.changed().await?;
    };
    let path = component.to_string_lossy().into_owned();
    let rehearsal = Rehearsal::start(&path, args.seed, args.time_scale, &args.data_dir).await?;
    let end = rehearsal.clock.now() + LONGEST;
    let (progress, say) = if is_terminal {
        let progress = Progress::until(rehearsal.clock, end);
        let say = Say { screen: Some(progress.printer()) };
        (Some(progress), say)
    } else {
        (None, Say::plainly(false))
    };
    let shown = async {
        match progress {
            Some(progress) => progress.show(&rehearsal.daemon).await,
            None => rehearsal.clock.sleep_until(end).await,
        }
    };
    let rebuilt = async {
        loop {
            sources.changed().await?;
            shop.build(&say).await?;
        }
    };
    tokio::select! {
        () = shown => {}
        failed = rebuilt => { let failed: anyhow::Result<()> = failed; failed? }
    }
    rehearsal.end().await?;
    Ok(Exit::Done)
}

/// Where components are made and looked over.
struct Shop {
    args: Args,
    engine: Engine,
}

impl Shop {
    /// Builds, and says what came of it; the component's file if paced would accept it.
    async fn build(&self, say: &Say) -> anyhow::Result<Option<PathBuf>> {
        say.building(&self.args.dir);
        let started = Instant::now();
        let (args, engine) = (self.args.clone(), self.engine.clone());
        let built = tokio::task::spawn_blocking(move || {
            let built = build::build(&args.dir, &args.target, &args.cargo_args)?;
            anyhow::Ok(match built {
                Build::Failed(_) => built,
                Build::Component(path) => inspected(&engine, path)?,
            })
        });
        match built.await.context("the build's thread ended")?? {
            Build::Component(path) => {
                say.built(&path, started.elapsed());
                Ok(Some(path))
            }
            Build::Failed(why) => {
                say.failed(&why);
                Ok(None)
            }
        }
    }
}

/// The component, or why paced would refuse it.
fn inspected(engine: &Engine, path: PathBuf) -> anyhow::Result<Build> {
    let limits = LimitArgs::default().limits()?;
    let bytes = component::read(&path, &limits)?;
    let mut why = Vec::new();
    match component::load_or_explain(engine, &path, &bytes, &limits, &mut why)? {
        Some(_) => Ok(Build::Component(path)),
        None => Ok(Build::Failed(String::from_utf8_lossy(&why).into_owned())),
    }
}

/// Tells the author what happens: above the demo's lines, or as lines of the log.
struct Say {
    screen: Option<MultiProgress>,
}

impl Say {
    /// Without a demo's lines yet.
    fn plainly(is_terminal: bool) -> Self {
        Self { screen: is_terminal.then(MultiProgress::new) }
    }

    fn building(&self, dir: &Path) {
        tracing::info!(event = "policy_building", folder = %dir.display());
        self.print(format!("building {}", dir.display()));
    }

    fn built(&self, path: &Path, took: Duration) {
        let size_bytes = fs::metadata(path).map_or(0, |file| file.len());
        tracing::info!(event = "policy_built", file = %path.display(), took_ms = took.as_millis() as u64, size_bytes);
        self.print(format!("built {} in {:.1} s, {size_bytes} bytes", path.display(), took.as_secs_f64()));
    }

    fn failed(&self, why: &str) {
        tracing::error!(event = "policy_build_failed", error = why);
        self.print(format!("{}\nnot built; what runs goes on, and the next change is tried", why.trim_end()));
    }

    fn print(&self, text: String) {
        if let Some(screen) = &self.screen {
            // A screen that is gone has nobody to read it.
            let _ = screen.println(text);
            let _ = io::stderr().flush();
        }
    }
}
