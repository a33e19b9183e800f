//! `application/x-www-form-urlencoded`, as in bodies and query strings.

use percent_encoding::percent_decode_str;

/// The decoded value of the first field of this name; none if there is none or it is no UTF-8.
pub(super) fn field(form: &str, name: &str) -> Option<String> {
    let pairs = form.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.into_iter().find(|(key, _)| decode(key).as_deref() == Some(name))?;
    decode(value)
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_is_a_space_and_percent_decodes() {
        let form = "grant_type=client_credentials&scope=a%3Aread+b%3Awrite&c=1%2B%2F%3D";
        assert_eq!(field(form, "scope").as_deref(), Some("a:read b:write"));
        assert_eq!(field(form, "c").as_deref(), Some("1+/="));
        assert_eq!(field(form, "missing"), None);
        assert_eq!(field("x=%ff", "x"), None);
    }
}
