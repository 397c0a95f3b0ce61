//! Failures as the contract has them, and how they are made.

use crate::contract::halo::integration::types::Attribute;
pub use crate::contract::halo::integration::types::Failure;

/// The code of [`Failure::not_set_up`].
pub const NOT_SET_UP: &str = "not-set-up";

impl Failure {
    /// A failure without attributes; `code` is one of `types.failure` in `wit/`.
    pub fn new(code: &str, message: impl Into<String>) -> Failure {
        Failure {
            code: code.to_owned(),
            message: message.into(),
            attributes: Vec::new(),
        }
    }

    /// The same failure with one more attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Failure {
        self.attributes.push(Attribute {
            name: name.to_owned(),
            value: value.to_string(),
        });
        self
    }

    /// A setting is missing or wrong; `path` is a JSON Pointer.
    pub fn setting(path: &str, message: impl Into<String>) -> Failure {
        Failure::new("settings", message).with("path", path)
    }

    /// A part of the settings is not filled in yet, which is nothing wrong before it is
    /// used; `path` is a JSON Pointer.
    pub fn not_set_up(path: &str, message: impl Into<String>) -> Failure {
        Failure::new(NOT_SET_UP, message).with("path", path)
    }

    /// Nobody has signed in yet.
    pub fn not_connected() -> Failure {
        Failure::new(
            "not-connected",
            "Not connected to HubSpot yet; connect first.",
        )
    }

    /// The sign-in is no longer valid at HubSpot.
    pub fn sign_in_again(why: &str) -> Failure {
        Failure::new(
            "sign-in-again",
                        format!("HubSpot no longer accepts the sign-in ({why}). Connect again; mappings and links are kept."),
        )
        .with("why", why)
    }

    /// A fault of this component; must not happen.
    pub fn internal(message: impl Into<String>) -> Failure {
        Failure::new("internal", message)
    }
}
