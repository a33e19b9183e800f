//! Where the platform is and who paced is to it, from three places: flag over environment over file.
//!
//! A token goes to `base_url`, so that it must be https except on loopback. No secret, and no address that may hold
//! one, is ever in a finding.

use std::net::IpAddr;

use reqwest::Url;

use super::Inputs;
use super::Secret;
use super::finding::{Finding, Severity};
use super::source::{HIDDEN, Setting, Site};
use super::values::{Taken, check_text};

/// The variables of the environment, and what each must hold.
pub(super) const BASE_URL: &str = "CXONE_BASE_URL";
pub(super) const CLIENT_ID: &str = "CXONE_CLIENT_ID";
pub(super) const CLIENT_SECRET: &str = "CXONE_CLIENT_SECRET";

/// Longest identifier and secret, in bytes.
pub(super) const LONGEST_CLIENT_ID: usize = 256;
pub(super) const LONGEST_SECRET: usize = 4096;
const LONGEST_URL: usize = 2048;

/// Address and credentials, as far as they are given.
pub(super) struct Connection {
    pub(super) base_url: Setting<Url>,
    pub(super) client_id: Setting<String>,
    pub(super) client_secret: Setting<Secret>,
}

impl Connection {
    /// What flags and environment say; problems go to `findings`.
    pub(super) fn outside(inputs: &Inputs<'_>, findings: &mut Vec<Finding>) -> Self {
        let flags = inputs.overrides;
        let outside = |flag: Option<&str>, flag_name, variable| Outside::find(inputs, flag, flag_name, variable);
        let base_url = outside(flags.base_url.as_deref(), "--base-url", BASE_URL);
        let client_id = outside(flags.client_id.as_deref(), "--client-id", CLIENT_ID);
        let client_secret = outside(flags.client_secret.as_ref().map(Secret::expose), "--client-secret", CLIENT_SECRET);
        Self {
            base_url: take(base_url, may_hold_secret, base_url_of, findings),
            client_id: take(client_id, |_| false, client_id_of, findings),
            client_secret: take(client_secret, |_| true, secret_of, findings),
        }
    }

    /// This connection, completed by `other`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            base_url: self.base_url.or(other.base_url),
            client_id: self.client_id.or(other.client_id),
            client_secret: self.client_secret.or(other.client_secret),
        }
    }
}

/// A value from outside the file.
pub(super) struct Outside {
    text: String,
    /// "environment" or "command line".
    place: &'static str,
    name: &'static str,
}

impl Outside {
    fn find(inputs: &Inputs<'_>, flag: Option<&str>, flag_name: &'static str, variable: &'static str) -> Option<Self> {
        match flag {
            Some(text) => Some(Self { text: text.to_owned(), place: "command line", name: flag_name }),
            None => Self::variable(inputs, variable),
        }
    }

    /// A variable of the environment; an empty one, which is how container files spell "not set", is absent.
    pub(super) fn variable(inputs: &Inputs<'_>, name: &'static str) -> Option<Self> {
        let text = (inputs.env)(name).filter(|text| !text.trim().is_empty())?;
        Some(Self { text, place: "environment", name })
    }
}

/// Applies a rule to a value from outside the file.
pub(super) fn take<T>(
    outside: Option<Outside>,
    hide: impl Fn(&str) -> bool,
    rule: impl Fn(&str) -> Taken<T>,
    findings: &mut Vec<Finding>,
) -> Setting<T> {
    let Some(Outside { text, place, name }) = outside else { return Setting::default() };
    let shown = if hide(&text) { HIDDEN.to_owned() } else { format!("{text:?}") };
    let value = match rule(&text) {
        Ok(value) => Some(value),
        Err(message) => {
            findings.push(Finding {
                file: place.to_owned(),
                line: None,
                key: name.to_owned(),
                value: Some(shown.clone()),
                severity: Severity::Error,
                message,
            });
            None
        }
    };
    Setting { value, site: Some(Site { line: None, key: name.to_owned(), value: Some(shown) }) }
}

/// Whether an address may hold a password or token.
pub(super) fn may_hold_secret(address: &str) -> bool {
    address.contains(['@', '?', '#'])
}

/// The platform's address: scheme, host and port, nothing else.
pub(super) fn base_url_of(text: &str) -> Taken<Url> {
    const EXAMPLE: &str = "such as \"https://your-org.nice.incontact.com\"";
    check_text(text, LONGEST_URL)?;
    let url = Url::parse(text).map_err(|_| format!("must be an address, {EXAMPLE}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password: they belong in client_id and client_secret".to_owned());
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(format!("must be an https address, so that no token travels in the clear, {EXAMPLE}")),
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("must end after the host, without path or query, {EXAMPLE}"));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(super) fn client_id_of(text: &str) -> Taken<String> {
    check_text(text, LONGEST_CLIENT_ID)?;
    Ok(text.to_owned())
}

pub(super) fn secret_of(text: &str) -> Taken<Secret> {
    check_text(text, LONGEST_SECRET)?;
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_https_or_to_loopback_only() {
        for right in [
            "https://your-org.nice.incontact.com",
            "https://your-org.nice.incontact.com/",
            "https://host:8443",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:8080",
            "http://localhost:8080",
        ] {
            assert!(base_url_of(right).is_ok(), "{right}: {:?}", base_url_of(right));
        }
        for wrong in [
            "your-org.nice.incontact.com",
            "http://your-org.nice.incontact.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "ftp://your-org.nice.incontact.com",
            "https://user@host",
            "https://:password@host",
            "https://host/api",
            "https://host?tenant=1",
            "https://host/#part",
            "https://",
            "",
            " https://host",
        ] {
            assert!(base_url_of(wrong).is_err(), "{wrong}");
        }
    }
}
