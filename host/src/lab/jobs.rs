//! Independent jobs on all cores, in the order of their numbers when they are done.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};

/// Most threads: each may hold a component's instances.
const MOST_THREADS: usize = 64;

/// Runs jobs 0 to `count` on all cores and gives what they gave, in the order of their numbers. The progress bar, on
/// standard error and only on a terminal, counts them as `things`.
///
/// # Errors
/// A job's error, after which no further job begins; of several, that of the lowest number which has run.
///
/// # Panics
/// A job panicked.
pub fn run_all<T: Send, E: Send>(
    count: usize,
    things: &str,
    job: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    run_on(threads, count, things, job)
}

/// The same on so many threads.
pub(super) fn run_on<T: Send, E: Send>(
    threads: usize,
    count: usize,
    things: &str,
    job: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let progress = progress_bar(count, things);
    let (next, has_failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let mut done = Vec::new();
        while !has_failed.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            let outcome = job(number);
            has_failed.fetch_or(outcome.is_err(), Ordering::Relaxed);
            done.push((number, outcome));
            progress.inc(1);
        }
        done
    };
    let mut done: Vec<(usize, Result<T, E>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, count.max(1))).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect()
    });
    progress.finish_and_clear();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

fn progress_bar(count: usize, things: &str) -> ProgressBar {
    let template = format!("{{pos}} of {{len}} {things}  {{wide_bar:.cyan/dim}}  {{eta}} left");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(count as u64).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let squares = |threads| run_on(threads, 100, "jobs", |number| Ok::<_, ()>(number * number)).unwrap();
        assert_eq!(squares(1), squares(7));
        assert_eq!(squares(3)[99], 99 * 99);
        assert!(run_on(4, 0, "jobs", |_| Ok::<(), ()>(())).unwrap().is_empty());
    }

    #[test]
    fn after_a_failure_no_job_begins() {
        let begun = AtomicUsize::new(0);
        let job = |number| {
            begun.fetch_add(1, Ordering::Relaxed);
            if number == 3 { Err(number) } else { Ok(()) }
        };
        assert_eq!(run_on(1, 1_000, "jobs", job), Err(3));
        assert_eq!(begun.into_inner(), 4);
    }
}
