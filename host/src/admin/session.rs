//! Who is signed in. A session says by itself whose it is and until when, and is sealed
//! with the host's key into its cookie: it survives a restart and a reload, works at every
//! process on the same store, and nothing has to be kept. It ends with its time, when the
//! password changes, when the administrator is removed, and when it is left.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::access::Access;
use super::administrators::Administrators;
use crate::model::Timestamp;
use crate::seal::Sealer;

const COOKIE: &str = "halo-admin";
/// Where a session is sealed for: no connection can have this name.
const PLACE: (&str, &str) = ("", "admin-session");
/// A working day.
const LIFETIME_MS: u64 = 12 * 60 * 60 * 1_000;
/// Longer ones are none of ours, and are not worth the work of opening them.
const LONGEST: usize = 2_048;
/// Who it is where nobody signs in.
pub(super) const NOBODY: &str = "administrator";

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Tells it from others.
    pub(super) id: String,
    /// Who.
    pub(super) name: String,
    /// Of the password with which it began; nothing where nobody signs in.
    mark: Option<String>,
    /// What its forms carry, and no page of somebody else knows.
    pub(super) token: String,
    /// Until when.
    pub(super) expires: Timestamp,
}

fn random() -> String {
    let mut bytes = [0_u8; 18];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Session {
    /// A new one of somebody who has just signed in.
    pub(super) fn begin(name: &str, mark: Option<String>, now: Timestamp) -> Session {
        Session {
            id: random(),
            name: name.to_owned(),
            mark,
            token: random(),
            expires: now + LIFETIME_MS,
        }
    }

    /// Whether it began with a password.
    pub(super) fn is_marked(&self) -> bool {
        self.mark.is_some()
    }

    /// Whether a form was made for this session.
    pub(super) fn has_made(&self, token: &str) -> bool {
        bool::from(self.token.as_bytes().ct_eq(token.as_bytes()))
    }

    /// As a cookie. `Lax`, as the remote sends the browser back to this page.
    pub(super) fn cookie(&self, sealer: &Sealer, is_secure: bool) -> Option<HeaderValue> {
        let json = serde_json::to_string(self).ok()?;
        let sealed = sealer.seal(PLACE.0, PLACE.1, &json).ok()?;
        set_cookie(
            &URL_SAFE_NO_PAD.encode(sealed),
            LIFETIME_MS / 1_000,
            is_secure,
        )
    }

    /// Of a request, if it has one that is still good.
    pub(super) fn of(
        headers: &HeaderMap,
        sealer: &Sealer,
        (access, administrators): (Access, &Administrators),
        now: Timestamp,
    ) -> Option<Session> {
        let sealed = cookie_of(headers).filter(|value| value.len() <= LONGEST)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let json = sealer.open_value(PLACE.0, PLACE.1, &sealed).ok()?;
        let session: Session = serde_json::from_str(&json).ok()?;
        // Made later than now plus its whole time: the clock was set back.
        if session.expires <= now || session.expires > now + LIFETIME_MS {
            return None;
        }
        let is_good = match access {
            Access::Open => session.mark.is_none(),
            Access::Password => {
                session.mark.is_some()
                    && session.mark == administrators.mark(&session.name)
                    && !administrators.has_ended(&session.name, &session.id)
            }
            Access::Closed => false,
        };
        is_good.then_some(session)
    }
}

/// A cookie that takes the session away.
pub(super) fn no_cookie(is_secure: bool) -> Option<HeaderValue> {
    set_cookie("", 0, is_secure)
}

fn set_cookie(value: &str, seconds: u64, is_secure: bool) -> Option<HeaderValue> {
    let secure = if is_secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!(
        "{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    ))
    .ok()
}

/// The cookie as the browser sends it, whether it is still good or not.
pub(super) fn cookie_of(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter();
    let pairs = all.filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer() -> Sealer {
        Sealer::open(&tempfile::tempdir().unwrap().path().join("key")).unwrap()
    }

    fn sent(cookie: &HeaderValue) -> HeaderMap {
        let text = cookie.to_str().unwrap();
        let pair = text.split(';').next().unwrap();
        HeaderMap::from_iter([(
            header::COOKIE,
            format!("other=1; {pair}; more=2").parse().unwrap(),
        )])
    }

    #[test]
    fn a_session_ends_with_its_time_and_is_good_at_no_other_key() {
        let (sealer, nobody) = (sealer(), Administrators::default());
        let session = Session::begin(NOBODY, None, 1_000);
        let headers = sent(&session.cookie(&sealer, false).unwrap());
        let of = |sealer: &Sealer, now| Session::of(&headers, sealer, (Access::Open, &nobody), now);
        assert_eq!(of(&sealer, 1_001), Some(session.clone()));
        assert_eq!(of(&sealer, session.expires), None);
        assert_eq!(of(&sealer, 0), None, "a clock that was set back");
        let other = Sealer::open(&tempfile::tempdir().unwrap().path().join("key")).unwrap();
        assert_eq!(of(&other, 1_001), None);
    }

    #[test]
    fn a_session_of_the_time_without_administrators_ends_with_the_first() {
        let (sealer, nobody) = (sealer(), Administrators::default());
        let session = Session::begin(NOBODY, None, 1_000);
        let headers = sent(&session.cookie(&sealer, false).unwrap());
        for access in [Access::Password, Access::Closed] {
            assert_eq!(
                Session::of(&headers, &sealer, (access, &nobody), 1_001),
                None
            );
        }
    }

    #[test]
    fn a_cookie_that_is_none_of_ours_is_nobodys() {
        let nobody = Administrators::default();
        for value in ["halo-admin=", "halo-admin=abc", "halo-adminx=1", "x", ""] {
            let headers = HeaderMap::from_iter([(header::COOKIE, value.parse().unwrap())]);
            assert_eq!(
                Session::of(&headers, &sealer(), (Access::Open, &nobody), 1),
                None
            );
        }
    }

    #[test]
    fn the_cookie_is_for_this_page_alone() {
        let cookie = Session::begin(NOBODY, None, 1)
            .cookie(&sealer(), true)
            .unwrap();
        let text = cookie.to_str().unwrap();
        for part in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/;"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
