//! Secrets at rest: sealed with XChaCha20-Poly1305 under a key that is never in
//! the store. Connection and name are authenticated too, so that a sealed value
//! cannot be moved to another place.

use std::io::Write;
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::Rng;

/// Why a secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key is not usable.
    #[error("The sealing key is not usable: {0}.")]
    Key(String),
    /// The value was sealed with another key or was damaged.
    #[error(
        "The stored secret {0} cannot be opened with this key. Use the key it was sealed with (key-file or HALO_SEAL_KEY), or connect again."
    )]
    Open(String),
}

/// The environment variable that holds the key instead of a file.
pub const KEY_VARIABLE: &str = "HALO_SEAL_KEY";
const NONCE_BYTES: usize = 24;

/// Seals and opens.
#[derive(Clone)]
pub struct Sealer {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// With the key of the environment, else of the file; a missing file is made.
    pub fn open(key_file: &Path) -> Result<Sealer, SealError> {
        if let Ok(hex) = std::env::var(KEY_VARIABLE) {
            return Sealer::from_hex(&hex).ok_or_else(|| {
                SealError::Key(format!("{KEY_VARIABLE} must be 64 hexadecimal digits"))
            });
        }
        let unusable = |error: std::io::Error| {
            SealError::Key(format!("the file {}: {error}", key_file.display()))
        };
        match std::fs::read_to_string(key_file) {
            Ok(hex) => Sealer::from_hex(&hex).ok_or_else(|| {
                SealError::Key(format!(
                    "the file {} must hold 64 hexadecimal digits",
                    key_file.display()
                ))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = [0u8; 32];
                rand::rng().fill_bytes(&mut bytes);
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                write_private(key_file, &hex).map_err(unusable)?;
                // Two first starts may race: what is in the file is the key.
                let hex = std::fs::read_to_string(key_file).map_err(unusable)?;
                Sealer::from_hex(&hex).ok_or_else(|| {
                    SealError::Key(format!("the file {} is damaged", key_file.display()))
                })
            }
            Err(error) => Err(unusable(error)),
        }
    }

    fn from_hex(hex: &str) -> Option<Sealer> {
        let hex = hex.trim();
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        let mut key = [0u8; 32];
        for (index, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        Some(Sealer {
            cipher: XChaCha20Poly1305::new(&Key::from(key)),
        })
    }

    /// Seals a value for its place.
    pub fn seal(&self, connection: &str, name: &str, value: &str) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0u8; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let place = place(connection, name);
        let payload = Payload {
            msg: value.as_bytes(),
            aad: place.as_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::Key("sealing failed".to_owned()))?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Opens a value from its place.
    pub fn open_value(
        &self,
        connection: &str,
        name: &str,
        sealed: &[u8],
    ) -> Result<String, SealError> {
        let wrong = || SealError::Open(name.to_owned());
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(wrong)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| wrong())?;
        let place = place(connection, name);
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        let plain = self
            .cipher
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| wrong())?;
        String::from_utf8(plain).map_err(|_| wrong())
    }
}

fn place(connection: &str, name: &str) -> String {
    format!("{connection}\n{name}")
}

/// Writes a new file that only its owner may read; leaves an existing one alone.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    // Elsewhere the folder's own access list protects the file.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_in_its_own_place_and_with_its_own_key() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = Sealer::open(&folder.path().join("key")).unwrap();
        let sealed = sealer.seal("crm", "oauth", "token-123").unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("token-123"));
        let again = Sealer::open(&folder.path().join("key")).unwrap();
        assert_eq!(
            again.open_value("crm", "oauth", &sealed).unwrap(),
            "token-123"
        );
        assert!(again.open_value("crm", "other", &sealed).is_err());
        assert!(again.open_value("crm2", "oauth", &sealed).is_err());
        let other = Sealer::open(&folder.path().join("other")).unwrap();
        assert!(other.open_value("crm", "oauth", &sealed).is_err());
    }
}
