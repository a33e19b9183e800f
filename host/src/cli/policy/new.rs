//! `paced policy new`: a crate outside this repository that builds and passes its own tests.
//!
//! The files are those under `template/`; the SDK's tests compile and run its `src/lib.rs` as it is, so that it can't
//! rot. Nothing that exists is ever written over.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Exit, PolicyCommandError};

/// Longest name of a crate: a policy's own, which is the crate's.
const LONGEST_NAME: usize = 64;

/// Names that cargo or the compiler refuses for a crate.
const TAKEN: [&str; 66] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "paced-policy",
    "paced_policy",
    "priv",
    "proc-macro",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "serde",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "main",
];

/// Arguments of `paced policy new`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Name of the crate and of the policy; the folder is made here
    pub name: String,
    /// Depend on the SDK in this clone of paced, or in its folder policies/sdk
    #[arg(long, value_name = "PATH")]
    pub sdk: Option<PathBuf>,
    /// Depend on the SDK at this git address of paced instead
    #[arg(long, value_name = "URL", conflicts_with = "sdk")]
    pub git: Option<String>,
    /// Make the folder in this one
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub into: PathBuf,
}

/// Makes the crate.
///
/// # Errors
/// The name can't be a crate's, the folder exists, there is no SDK where `--sdk` says, or a file can't be written.
pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, PolicyCommandError> {
    check_name(&args.name).map_err(PolicyCommandError::Usage)?;
    let sdk = dependency(args)?;
    let folder = args.into.join(&args.name);
    make_folder(&folder)?;
    for (path, text) in files(&args.name, &sdk) {
        write_file(&folder.join(path), &text)?;
    }
    write_next_steps(&args.name, &folder, out)?;
    Ok(Exit::Done)
}

fn check_name(name: &str) -> Result<(), String> {
    let right = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let starts_right = name.starts_with(|first: char| first.is_ascii_lowercase());
    if !starts_right || name.len() > LONGEST_NAME || !name.bytes().all(right) {
        return Err(format!(
            "{name:?} can't name a policy: take 1 to {LONGEST_NAME} of a-z, 0-9, `-` and `_`, a letter first, such as \
             \"my-policy\""
        ));
    }
    if TAKEN.contains(&name) {
        return Err(format!("`{name}` can't name a crate, since Rust has it already: try `{name}-policy`"));
    }
    Ok(())
}

/// What stands behind `paced-policy =` in the manifest.
fn dependency(args: &Args) -> Result<String, PolicyCommandError> {
    match (&args.sdk, &args.git) {
        (Some(path), _) => Ok(format!("{{ path = {} }}", quoted(&sdk_folder(path)?)?)),
        (None, Some(url)) => Ok(format!("{{ git = {} }}", toml_edit::Value::from(url.as_str()))),
        (None, None) => {
            let problem = "name a clone of paced by --sdk, or a git address of it by --git: the SDK is there";
            Err(PolicyCommandError::Usage(problem.to_owned()))
        }
    }
}

/// The SDK's folder, from a clone's or its own; absolute, since the crate may be moved.
fn sdk_folder(path: &Path) -> Result<PathBuf, PolicyCommandError> {
    let is_sdk = |folder: &PathBuf| {
        fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|text| text.contains("name = \"paced-policy\""))
    };
    let found = [path.to_owned(), path.join("policies/sdk")].into_iter().find(is_sdk);
    let Some(folder) = found else {
        let problem =
            format!("there is no SDK at {}: name a clone of paced, or its folder policies/sdk", path.display());
        return Err(PolicyCommandError::Usage(problem));
    };
    folder.canonicalize().map_err(|source| PolicyCommandError::Read { path: folder, source })
}

/// A path as a string of TOML.
fn quoted(path: &Path) -> Result<String, PolicyCommandError> {
    let text = path.to_str().ok_or_else(|| {
        PolicyCommandError::Usage(format!("{} is not UTF-8, and Cargo.toml has to be", path.display()))
    })?;
    Ok(toml_edit::Value::from(text).to_string())
}

fn make_folder(folder: &Path) -> Result<(), PolicyCommandError> {
    match fs::create_dir(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(PolicyCommandError::Usage(format!(
            "{} exists already: take another name, or remove it",
            folder.display()
        ))),
        Err(source) => Err(PolicyCommandError::WriteFile { path: folder.to_owned(), source }),
    }
}

/// Every file of the crate: path and text.
fn files(name: &str, sdk: &str) -> [(&'static str, String); 6] {
    let fill = |template: &str| {
        template.replace("{{name}}", name).replace("{{file}}", &name.replace('-', "_")).replace("{{sdk}}", sdk)
    };
    [
        ("Cargo.toml", fill(include_str!("template/Cargo.toml.in"))),
        ("README.md", fill(include_str!("template/README.md.in"))),
        (".cargo/config.toml", include_str!("template/.cargo/config.toml").to_owned()),
        (".gitignore", include_str!("template/gitignore").to_owned()),
        ("cases.toml", include_str!("template/cases.toml").to_owned()),
        ("src/lib.rs", include_str!("template/src/lib.rs").to_owned()),
    ]
}

fn write_file(path: &Path, text: &str) -> Result<(), PolicyCommandError> {
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| File::create_new(path))
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| PolicyCommandError::WriteFile { path: path.to_owned(), source })
}

fn write_next_steps(name: &str, folder: &Path, out: &mut dyn Write) -> io::Result<()> {
    let file = name.replace('-', "_");
    write!(
        out,
        "made the policy `{name}` in {folder}\n\n  \
         cd {folder}\n  \
         cargo test\n  \
         cargo build --release --target wasm32-unknown-unknown\n  \
         paced policy check target/wasm32-unknown-unknown/release/{file}.wasm\n\n\
         README.md has the rest; the policy is in src/lib.rs\n",
        folder = folder.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(name: &str, into: &Path, sdk: Option<&str>) -> Args {
        Args { name: name.to_owned(), sdk: sdk.map(PathBuf::from), git: None, into: into.to_owned() }
    }

    fn clone() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
    }

    #[test]
    fn a_crate_is_made_with_the_sdk_of_a_clone() {
        let folder = tempfile::tempdir().unwrap();
        let mut out = Vec::new();
        let exit = run(&args("my-policy", folder.path(), clone().to_str()), &mut out).unwrap();
        assert_eq!(exit, Exit::Done);
        let made = folder.path().join("my-policy");
        let manifest: toml_edit::DocumentMut = fs::read_to_string(made.join("Cargo.toml")).unwrap().parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some("my-policy"));
        let sdk = manifest["dependencies"]["paced-policy"]["path"].as_str().unwrap();
        assert!(Path::new(sdk).is_absolute() && Path::new(sdk).join("src/lib.rs").is_file(), "{sdk}");
        assert!(made.join(".cargo/config.toml").is_file() && made.join("src/lib.rs").is_file());
        assert!(String::from_utf8(out).unwrap().contains("release/my_policy.wasm"));
        let readme = fs::read_to_string(made.join("README.md")).unwrap();
        assert!(!readme.contains("{{") && readme.contains("my_policy.wasm"), "{readme}");
    }

    #[test]
    fn without_a_clone_it_depends_on_a_git_address() {
        let folder = tempfile::tempdir().unwrap();
        let url = "ssh://host/\"paced\".git";
        let args = Args { git: Some(url.to_owned()), ..args("mine", folder.path(), None) };
        run(&args, &mut Vec::new()).unwrap();
        let manifest: toml_edit::DocumentMut =
            fs::read_to_string(folder.path().join("mine/Cargo.toml")).unwrap().parse().unwrap();
        assert_eq!(manifest["dependencies"]["paced-policy"]["git"].as_str(), Some(url));
    }

    #[test]
    fn without_either_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let error = run(&args("mine", folder.path(), None), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("--sdk") && error.to_string().contains("--git"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_exists_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("mine")).unwrap();
        let error = run(&args("mine", folder.path(), clone().to_str()), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().ends_with("mine exists already: take another name, or remove it"), "{error}");
        assert_eq!(fs::read_dir(folder.path().join("mine")).unwrap().count(), 0);
    }

    #[test]
    fn names_that_no_crate_or_policy_can_have_are_refused_before_anything_is_made() {
        let folder = tempfile::tempdir().unwrap();
        for (name, word) in [
            ("", "can't name a policy"),
            ("My", "a-z"),
            ("1st", "a letter first"),
            ("../x", "a-z"),
            ("test", "`test-policy`"),
        ] {
            let error = run(&args(name, folder.path(), None), &mut Vec::new()).unwrap_err();
            assert!(matches!(error, PolicyCommandError::Usage(_)) && error.to_string().contains(word), "{error}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_holds_no_sdk_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = run(&args("mine", folder.path(), folder.path().to_str()), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().starts_with("there is no SDK at "), "{error}");
        assert!(!folder.path().join("mine").exists());
    }
}
