//! The measurements, for people and as JSON.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::super::table::write_table;
use super::measure::Measured;
use crate::wasm::Limits;

/// One measured quantity.
struct Metric {
    /// The key in JSON, its unit last.
    key: &'static str,
    title: &'static str,
    unit: &'static str,
    /// Digits after the point, for people.
    decimals: usize,
    of: fn(&Measured) -> f64,
    /// What the value may be at most, if it is limited.
    limit: Option<fn(&Limits) -> f64>,
}

const METRICS: [Metric; 10] = [
    metric("fuel_p50", "fuel p50", "units", 0, |m| m.fuel.p50 as f64).within(|l| l.fuel as f64),
    metric("fuel_p99", "fuel p99", "units", 0, |m| m.fuel.p99 as f64).within(|l| l.fuel as f64),
    metric("fuel_max", "fuel max", "units", 0, |m| m.fuel.max as f64).within(|l| l.fuel as f64),
    metric("wall_p50_us", "wall p50", "us", 1, |m| micros(m.wall.p50)).within(|l| micros(l.deadline)),
    metric("wall_p99_us", "wall p99", "us", 1, |m| micros(m.wall.p99)).within(|l| micros(l.deadline)),
    metric("wall_max_us", "wall max", "us", 1, |m| micros(m.wall.max)).within(|l| micros(l.deadline)),
    metric("memory_bytes", "memory", "bytes", 0, |m| m.memory_bytes as f64).within(|l| l.memory_bytes as f64),
    metric("state_bytes", "state", "bytes", 0, |m| m.state_bytes as f64).within(|l| f64::from(l.state_bytes)),
    metric("component_bytes", "component", "bytes", 0, |m| m.component_bytes as f64)
        .within(|l| l.component_bytes as f64),
    metric("compile_ms", "compile", "ms", 1, |m| m.compile.as_secs_f64() * 1e3),
];

const fn metric(
    key: &'static str,
    title: &'static str,
    unit: &'static str,
    decimals: usize,
    of: fn(&Measured) -> f64,
) -> Metric {
    Metric { key, title, unit, decimals, of, limit: None }
}

impl Metric {
    const fn within(mut self, limit: fn(&Limits) -> f64) -> Self {
        self.limit = Some(limit);
        self
    }

    fn share(&self, measured: &Measured, limits: &Limits) -> Option<f64> {
        self.limit.map(|limit| (self.of)(measured) / limit(limits))
    }

    /// A count as a whole number.
    fn json(&self, measured: &Measured) -> Json {
        let value = (self.of)(measured);
        if self.decimals == 0 { json!(value as u64) } else { json!(value) }
    }

    fn shown(&self, measured: &Measured) -> String {
        format!("{:.*} {}", self.decimals, (self.of)(measured), self.unit)
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Writes a table: of one component, or of the new and the old one with the ratio of the two.
pub(super) fn write(measured: &[Measured], limits: &Limits, out: &mut dyn Write) -> io::Result<()> {
    for (which, measured) in ["new", "old"].iter().zip(measured) {
        let Measured { file, name, version, digest, calls, .. } = measured;
        writeln!(out, "{which}: {name} {version} ({digest}), {calls} decisions, {file}")?;
    }
    writeln!(out)?;
    match measured {
        [new, old] => write_table(&rows_of_two(new, old, limits), out)?,
        _ => measured.iter().try_for_each(|new| write_table(&rows_of_one(new, limits), out))?,
    }
    for fault in measured.iter().filter_map(|measured| measured.last_fault.as_ref()) {
        writeln!(out, "\nlast fault: {fault}")?;
    }
    if cfg!(debug_assertions) {
        writeln!(out, "\nthis paced is a debug build: its wall and compile times say nothing of a release's")?;
    }
    Ok(())
}

fn rows_of_one(new: &Measured, limits: &Limits) -> Vec<[String; 3]> {
    let mut rows = vec![["", "MEASURED", "OF ITS LIMIT"].map(str::to_owned)];
    rows.extend(
        METRICS.iter().map(|metric| [metric.title.to_owned(), metric.shown(new), percent(metric, new, limits)]),
    );
    rows.push(["faults".to_owned(), faults(new), String::new()]);
    rows
}

fn rows_of_two(new: &Measured, old: &Measured, limits: &Limits) -> Vec<[String; 5]> {
    let mut rows = vec![["", "NEW", "OLD", "NEW / OLD", "NEW OF ITS LIMIT"].map(str::to_owned)];
    rows.extend(METRICS.iter().map(|metric| {
        let ratio = ratio(metric, new, old).map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        [metric.title.to_owned(), metric.shown(new), metric.shown(old), ratio, percent(metric, new, limits)]
    }));
    rows.push(["faults".to_owned(), faults(new), faults(old), String::new(), String::new()]);
    rows
}

fn percent(metric: &Metric, measured: &Measured, limits: &Limits) -> String {
    metric.share(measured, limits).map_or_else(|| "-".to_owned(), |share| format!("{:.3} %", share * 100.0))
}

fn ratio(metric: &Metric, new: &Measured, old: &Measured) -> Option<f64> {
    let ratio = (metric.of)(new) / (metric.of)(old);
    ratio.is_finite().then_some(ratio)
}

fn faults(measured: &Measured) -> String {
    format!("{} of {}", measured.faults, measured.calls)
}

/// Writes one object: `new`, and with two components `old` and `ratio`.
pub(super) fn write_json(measured: &[Measured], limits: &Limits, out: &mut dyn Write) -> io::Result<()> {
    let mut object = Map::new();
    object.insert("debug_build".to_owned(), Json::from(cfg!(debug_assertions)));
    object.insert("calls".to_owned(), json!(measured.first().map(|measured| measured.calls)));
    for (which, measured) in ["new", "old"].iter().zip(measured) {
        object.insert((*which).to_owned(), json_of(measured, limits));
    }
    if let [new, old] = measured {
        let ratios = METRICS.iter().map(|metric| (metric.key.to_owned(), json!(ratio(metric, new, old))));
        object.insert("ratio".to_owned(), Json::Object(ratios.collect()));
    }
    serde_json::to_writer_pretty(&mut *out, &object)?;
    writeln!(out)
}

fn json_of(measured: &Measured, limits: &Limits) -> Json {
    let Measured { file, name, version, digest, faults, last_fault, .. } = measured;
    let last_fault = last_fault.as_ref().map(ToString::to_string);
    let mut object = json!({
        "file": file, "name": name, "version": version, "digest": digest,
        "faults": faults, "last_fault": last_fault,
    });
    let shares =
        METRICS.iter().filter_map(|metric| Some((metric.key.to_owned(), json!(metric.share(measured, limits)?))));
    let shares: Map<_, _> = shares.collect();
    if let Some(fields) = object.as_object_mut() {
        fields.extend(METRICS.iter().map(|metric| (metric.key.to_owned(), metric.json(measured))));
        fields.insert("of_limit".to_owned(), Json::Object(shares));
    }
    object
}
