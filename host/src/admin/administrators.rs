//! Who may sign in: names with the Argon2 hashes of their passwords, one sealed entry of
//! the store. It is read for each request, so who is removed is out at once, also at
//! another process.

use std::collections::BTreeMap;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::host::Host;
use crate::model::Timestamp;
use crate::seal::SealError;
use crate::store::{Expectation, StoreError};

/// Where they are sealed: no connection can have this name.
const PLACE: (&str, &str) = ("", "administrators");
/// Characters of a password; NIST SP 800-63B asks for as many where nothing else is asked.
pub(crate) const SHORTEST_PASSWORD: usize = 15;
/// Longer ones only make work.
pub(crate) const LONGEST_PASSWORD: usize = 1_024;
/// Characters of a name.
pub(super) const LONGEST_NAME: usize = 60;

/// Why administrators cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdministratorError {
    /// What was given does not do.
    #[error("{0}")]
    Given(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key is another one.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Hashing failed, or the entry is damaged.
    #[error("The administrators cannot be read: {0}.")]
    Unreadable(String),
}

type Result<T> = std::result::Result<T, AdministratorError>;

/// One who may sign in.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    /// Argon2id, as a PHC string.
    hash: String,
    /// Sessions that were ended before their time, until then.
    #[serde(default)]
    ended: BTreeMap<String, Timestamp>,
}

/// All who may sign in, as they were read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Administrators {
    entries: BTreeMap<String, Entry>,
    revision: u64,
}

impl Administrators {
    /// As they are now.
    pub(crate) async fn of(host: &Host) -> Result<Administrators> {
        let (connection, name) = PLACE;
        let Some(secret) = host.store.secret_get(connection, name).await? else {
            return Ok(Administrators::default());
        };
        let json = host.sealer().open_value(connection, name, &secret.sealed)?;
        let entries = serde_json::from_str(&json)
            .map_err(|error| AdministratorError::Unreadable(error.to_string()))?;
        Ok(Administrators {
            entries,
            revision: secret.revision,
        })
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// What a session of this one is bound to: it ends when the password is changed.
    pub(super) fn mark(&self, name: &str) -> Option<String> {
        let entry = self.entries.get(name)?;
        let digest = Sha256::digest(&entry.hash);
        Some(
            digest
                .iter()
                .take(8)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }

    /// Whether a session of this one was ended.
    pub(super) fn has_ended(&self, name: &str, session: &str) -> bool {
        { self.entries.get(name) }.is_some_and(|entry| entry.ended.contains_key(session))
    }

    /// Whether this is their password. An unknown name takes as long, so that the time
    /// tells nothing of who there is.
    pub(super) async fn verify(&self, name: &str, password: String) -> bool {
        const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                              3vz2yvFz2yvFz2yvFz2yvFz2yvFz2yvFz2yvFz2yvFw";
        let known = self.entries.get(name).map(|entry| entry.hash.clone());
        let hash = known.clone().unwrap_or_else(|| NOBODY.to_owned());
        let verified = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&hash).is_ok_and(|hash| {
                let verified = Argon2::default().verify_password(password.as_bytes(), &hash);
                verified.is_ok()
            })
        });
        verified.await.unwrap_or(false) && known.is_some()
    }

    async fn write(&self, host: &Host) -> Result<()> {
        let (connection, name) = PLACE;
        let json = serde_json::to_string(&self.entries)
            .map_err(|error| AdministratorError::Unreadable(error.to_string()))?;
        let sealed = host.sealer().seal(connection, name, &json)?;
        // Two who change it at once: the second one is told, and nothing of the first lost.
        let expected = match self.revision {
            0 => Expectation::Absent,
            revision => Expectation::At(revision),
        };
        host.store
            .secret_set(connection, name, Some(&sealed), expected)
            .await?;
        Ok(())
    }
}

/// Makes somebody an administrator, or gives one another password.
pub(crate) async fn set(host: &Host, name: &str, password: String) -> Result<()> {
    let given = |sentence: String| Err(AdministratorError::Given(sentence));
    let is_plain = |c: char| c.is_alphanumeric() || ".-_@+ ".contains(c);
    if name.trim() != name || name.is_empty() || !name.chars().all(is_plain) {
        return given(format!(
            "{name:?} cannot be the name of an administrator: use letters, digits, dots, dashes and spaces within."
        ));
    }
    if name.chars().count() > LONGEST_NAME {
        return given(format!("A name has at most {LONGEST_NAME} characters."));
    }
    let length = password.chars().count();
    if length < SHORTEST_PASSWORD {
        return given(format!(
            "The password has {length} characters; give one of at least {SHORTEST_PASSWORD}, such as four words."
        ));
    }
    if length > LONGEST_PASSWORD {
        return given(format!(
            "The password has {length} characters; it may have {LONGEST_PASSWORD} at most."
        ));
    }
    let hashed = tokio::task::spawn_blocking(move || {
        let hash = Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string())
    });
    let hash = hashed
        .await
        .map_err(|error| AdministratorError::Unreadable(error.to_string()))?
        .map_err(|error| AdministratorError::Unreadable(error.to_string()))?;
    let mut all = Administrators::of(host).await?;
    let entry = Entry {
        hash,
        ended: BTreeMap::new(),
    };
    all.entries.insert(name.to_owned(), entry);
    all.write(host).await
}

/// Takes the right away; `false` when there is nobody of that name.
pub(crate) async fn remove(host: &Host, name: &str) -> Result<bool> {
    let mut all = Administrators::of(host).await?;
    let was_there = all.entries.remove(name).is_some();
    if was_there {
        all.write(host).await?;
    }
    Ok(was_there)
}

/// Ends a session before its time.
pub(super) async fn end(
    host: &Arc<Host>,
    name: &str,
    session: &str,
    expires: Timestamp,
) -> Result<()> {
    loop {
        let mut all = Administrators::of(host).await?;
        let now = host.clock.now();
        let Some(entry) = all.entries.get_mut(name) else {
            return Ok(());
        };
        entry.ended.retain(|_, expires| *expires > now);
        entry.ended.insert(session.to_owned(), expires);
        match all.write(host).await {
            // Somebody else signed out at the same moment.
            Err(AdministratorError::Store(StoreError::Conflict { .. })) => {}
            written => return written,
        }
    }
}
