//! `paced policy inspect` and `paced policy list`: what a component is, and which ones are built in.

use std::io::{self, Write};
use std::path::Path;

use paced_core::params::{ParamKind, ParamSpec};

use super::PolicyCommandError;
use super::component::read;
use super::table::write_table;
use crate::shipped;
use crate::wasm::{Engine, Limits, Loaded};

/// Loads a component as `paced run` would, and writes what is to be known of it. A name that is no file is taken for
/// that of a built-in policy.
///
/// # Errors
/// The file can't be read, is refused, or the answer can't be written.
pub(super) fn inspect(file: &Path, out: &mut dyn Write) -> Result<(), PolicyCommandError> {
    let limits = Limits::default();
    let name = file.display().to_string();
    let bytes = match shipped::find(&name) {
        Some(bytes) if !file.exists() => bytes.to_vec(),
        _ => read(file, &limits)?,
    };
    let loaded = load(&Engine::start()?, &name, &bytes, &limits)?;
    write_component(&loaded, out)?;
    Ok(())
}

/// Writes the name, version, digest and summary of each of these policies, which are pairs of name and component.
///
/// # Errors
/// One of them is refused, or the answer can't be written.
pub(super) fn list(policies: &[(&str, &[u8])], out: &mut dyn Write) -> Result<(), PolicyCommandError> {
    let engine = Engine::start()?;
    let mut rows = vec![["NAME", "VERSION", "DIGEST", "SUMMARY"].map(str::to_owned)];
    for (name, bytes) in policies {
        let loaded = load(&engine, name, bytes, &Limits::default())?;
        let descriptor = loaded.descriptor();
        rows.push([
            (*name).to_owned(),
            descriptor.version.clone(),
            loaded.digest().short(),
            descriptor.summary.clone(),
        ]);
    }
    write_table(&rows, out)?;
    Ok(())
}

fn load(engine: &Engine, name: &str, bytes: &[u8], limits: &Limits) -> Result<Loaded, PolicyCommandError> {
    engine.load(bytes, limits).map_err(|source| PolicyCommandError::Load { name: name.to_owned(), source })
}

fn write_component(loaded: &Loaded, out: &mut dyn Write) -> io::Result<()> {
    let descriptor = loaded.descriptor();
    writeln!(out, "{} {}", descriptor.name, descriptor.version)?;
    writeln!(out, "{}\n", descriptor.summary)?;
    writeln!(out, "contract       paced:policy {}", loaded.contract())?;
    writeln!(out, "digest         {}", loaded.digest())?;
    writeln!(out, "size           {} bytes", loaded.size_bytes())?;
    writeln!(out, "state version  {}", descriptor.state_version)?;
    writeln!(out, "\nparameters")?;
    write_params(&descriptor.params, out)?;
    writeln!(out, "\nimports")?;
    if loaded.imports().is_empty() {
        writeln!(out, "  none")?;
    }
    loaded.imports().iter().try_for_each(|import| writeln!(out, "  {import}"))
}

fn write_params(params: &[ParamSpec], out: &mut dyn Write) -> io::Result<()> {
    if params.is_empty() {
        return writeln!(out, "  none");
    }
    let mut rows = vec![["  NAME", "KIND", "DEFAULT", "ALLOWED", "UNIT", "HELP"].map(str::to_owned)];
    rows.extend(params.iter().map(|spec| {
        [
            format!("  {}", spec.name),
            kind(&spec.kind).to_owned(),
            spec.default.to_string(),
            allowed(&spec.kind),
            if spec.unit.is_empty() { "-".to_owned() } else { spec.unit.clone() },
            spec.help.clone(),
        ]
    }));
    write_table(&rows, out)
}

const fn kind(kind: &ParamKind) -> &'static str {
    match kind {
        ParamKind::Number { .. } => "number",
        ParamKind::Integer { .. } => "integer",
        ParamKind::Flag => "flag",
        ParamKind::Text { .. } => "text",
        ParamKind::Choice(_) => "choice",
    }
}

fn allowed(kind: &ParamKind) -> String {
    match kind {
        ParamKind::Number { min, max } => format!("{min} to {max}"),
        ParamKind::Integer { min, max } => format!("{min} to {max}"),
        ParamKind::Flag => "true, false".to_owned(),
        ParamKind::Text { max_bytes } => format!("{max_bytes} bytes"),
        ParamKind::Choice(words) => words.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm::tests::Hand;

    #[test]
    fn a_component_is_shown_with_all_that_is_known_of_it() {
        let mut out = Vec::new();
        write_component(&Hand::default().load(), &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let digest = Hand::default().load().digest();
        let size = Hand::default().component().len();
        let expected = format!(
            "test 1.0.0\n\
             as it is told\n\
             \n\
             contract       paced:policy 0.1.0\n\
             digest         {digest}\n\
             size           {size} bytes\n\
             state version  1\n\
             \n\
             parameters\n  \
               NAME  KIND    DEFAULT  ALLOWED  UNIT  HELP\n  \
               kp    number  0.15     0 to 5   -\n\
             \n\
             imports\n  \
               paced:policy/log@0.1.0\n  \
               paced:policy/types@0.1.0\n"
        );
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_built_in_policy_is_shown_by_its_name() {
        let mut out = Vec::new();
        inspect(Path::new("proportional"), &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().starts_with("proportional "));
    }

    #[test]
    fn policies_are_listed_in_columns() {
        let component = Hand::default().component();
        let mut out = Vec::new();
        list(&[("mine", &component)], &mut out).unwrap();
        let listed = String::from_utf8(out).unwrap();
        let lines: Vec<_> = listed.lines().collect();
        assert_eq!(lines[0], "NAME  VERSION  DIGEST        SUMMARY");
        assert!(lines[1].starts_with("mine  1.0.0    ") && lines[1].ends_with("  as it is told"), "{listed}");
    }

    #[test]
    fn a_file_that_is_no_policy_is_refused_with_its_name_and_the_stage() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{}").unwrap();
        let error = inspect(file.path(), &mut Vec::new()).unwrap_err().to_string();
        let name = file.path().display().to_string();
        assert!(error.contains(&name) && error.contains("(stage validate)"), "{error}");
        let error = inspect(Path::new("/no/such.wasm"), &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "can't read /no/such.wasm");
    }
}
