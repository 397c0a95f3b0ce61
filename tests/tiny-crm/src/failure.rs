//! Failures as the contract has them: a code for programs, a sentence for people.

use crate::contract::halo::integration::types::Attribute;
pub use crate::contract::halo::integration::types::Failure;

impl Failure {
    /// A failure; `code` is one of `types.failure` in `wit/` where one fits.
    pub fn new(code: &str, message: impl Into<String>) -> Failure {
        Failure {
            code: code.to_owned(),
            message: message.into(),
            attributes: Vec::new(),
        }
    }

    /// The same about a setting; `path` is a JSON Pointer.
    pub fn at(code: &str, path: &str, message: impl Into<String>) -> Failure {
        let mut failure = Failure::new(code, message);
        failure.attributes.push(Attribute {
            name: "path".to_owned(),
            value: path.to_owned(),
        });
        failure
    }
}
