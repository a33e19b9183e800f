//! Where the platform is: an address that secrets may be sent to.
//!
//! The client's secret and its tokens go to this address with every request, so it must be https. Only loopback may be
//! plain http, for rehearsals against a simulated tenant. The configuration checks this too; this type makes it certain.

use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The platform's address, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    prefix: String,
    loopback: bool,
}

/// Why an address can't be the platform's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It can't be parsed.
    #[error("base_url is no URL ({0}): it must look like https://your-org.nice.incontact.com")]
    Unreadable(String),
    /// Secrets would travel in the clear.
    #[error("base_url must be https, or http on loopback, not {scheme}://{host}: secrets would travel in the clear")]
    Insecure {
        /// The scheme that it has.
        scheme: String,
        /// The host that it names.
        host: String,
    },
    /// It holds what does not belong there.
    #[error("base_url must end after host, port and path: a user name, a query or a fragment does not belong there")]
    Extra,
}

impl BaseUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// It is no URL, is neither https nor loopback, or holds a user name, a password, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text.trim()).map_err(|error| BaseUrlError::Unreadable(error.to_string()))?;
        let host = url.host_str().unwrap_or_default();
        let loopback = is_loopback(host);
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            scheme => return Err(BaseUrlError::Insecure { scheme: scheme.to_owned(), host: host.to_owned() }),
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Extra);
        }
        Ok(Self { prefix: url.as_str().trim_end_matches('/').to_owned(), loopback })
    }

    /// The whole address of `path`, which starts with a slash and is percent-encoded already.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Whether it is on this machine.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether it is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.prefix.starts_with("https:")
    }
}

/// `text` as one segment of a path, or one value of a query.
#[must_use]
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_https_anywhere_and_http_on_loopback() {
        for good in [
            "https://your-org.nice.incontact.com",
            "https://example.com:8443/prefix/",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:80/",
            "http://localhost:1",
        ] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for insecure in ["http://example.com", "http://localhost.example.com", "ftp://127.0.0.1", "http://10.0.0.1"] {
            assert!(matches!(BaseUrl::parse(insecure), Err(BaseUrlError::Insecure { .. })), "{insecure}");
        }
        for extra in ["https://me:secret@example.com", "https://example.com?x=1", "https://example.com/#x"] {
            assert_eq!(BaseUrl::parse(extra), Err(BaseUrlError::Extra), "{extra}");
        }
        assert!(matches!(BaseUrl::parse("example.com"), Err(BaseUrlError::Unreadable(_))));
    }

    #[test]
    fn joins_without_a_double_slash() {
        let base = BaseUrl::parse("https://example.com/prefix/").unwrap();
        assert_eq!(base.join("/api/v2"), "https://example.com/prefix/api/v2");
    }

    #[test]
    fn encodes_all_that_could_end_a_segment_or_a_value() {
        assert_eq!(encode("a/b?c#d e%&+é"), "a%2Fb%3Fc%23d%20e%25%26%2B%C3%A9");
        assert_eq!(encode("Az09-._~"), "Az09-._~");
    }
}
