//! The log: JSON lines on stdout for machines, or text for people; `RUST_LOG` chooses what is shown.
//!
//! Every JSON line has `timestamp` (wall time), `level`, `event` and `campaign` (null where a line is about the daemon
//! as a whole), then the fields of its event, so that one filter serves every line.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::Mutex;

use clap::ValueEnum;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}

/// Starts the log on standard output. A second call does nothing.
pub fn start(format: Format) {
    match format {
        Format::Json => start_json(io::stdout),
        Format::Text => {
            // Colours are for terminals; in a file or a pipe they are noise.
            let colours = io::stdout().is_terminal();
            let log = tracing_subscriber::fmt().with_env_filter(filter()).with_target(false).with_ansi(colours);
            let _ = log.try_init();
        }
    }
}

/// Starts the log as JSON lines in `file`. A second call does nothing.
pub fn start_in(file: std::fs::File) {
    start_json(Mutex::new(file));
}

fn start_json<W>(writer: W)
where
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    // An error says that a log was started before: that one stays.
    let _ = tracing_subscriber::fmt().with_env_filter(filter()).event_format(Lines).with_writer(writer).try_init();
}

fn filter() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"))
}

/// The format of a JSON line.
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let Fields(mut rest) = fields;
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let first = [
            ("timestamp", now.into()),
            ("level", level(*event.metadata().level()).into()),
            ("event", rest.remove("event").unwrap_or_else(|| event.metadata().target().into())),
            ("campaign", rest.remove("campaign").unwrap_or(Value::Null)),
        ];
        let rest = rest.iter().map(|(key, value)| (key.as_str(), value.clone()));
        for (index, (key, value)) in first.into_iter().chain(rest).enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            write!(writer, "{before}{}:{value}", Value::from(key))?;
        }
        writeln!(writer, "}}")
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The fields of an event as JSON.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // What is not finite has no number in JSON.
        let value = serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number);
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }
}
