//! What was done to the files of a store, in the order in which it was done: one log
//! beside the store for all of its files, as several processes may write it at once.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::disk::Disk;

/// How the log of a store is called, behind the store's own name.
const END: &str = "-power";
/// The length, the file, what was done, and a number.
const HEAD: usize = 4 + 1 + 1 + 8;

/// A file of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The database.
    Main,
    /// Its write-ahead log.
    Wal,
    /// Its rollback journal, before it has a write-ahead log.
    Journal,
}

impl Part {
    /// All of them, each where its number says.
    pub(super) const ALL: [Part; 3] = [Part::Main, Part::Wal, Part::Journal];

    /// Behind the database's name.
    fn end(self) -> &'static str {
        match self {
            Part::Main => "",
            Part::Wal => "-wal",
            Part::Journal => "-journal",
        }
    }

    /// Its path.
    pub(super) fn beside(self, store: &Path) -> PathBuf {
        super::with_end(store, self.end())
    }

    /// Which part of which store a file is.
    fn of(path: &Path) -> (Part, PathBuf) {
        let name = path.to_string_lossy();
        for part in [Part::Wal, Part::Journal] {
            if let Some(store) = name.strip_suffix(part.end()) {
                return (part, PathBuf::from(store));
            }
        }
        (Part::Main, path.to_owned())
    }
}

/// What was done to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// These bytes were written at this place.
    Written(u64, Vec<u8>),
    /// It was cut to this length.
    Truncated(u64),
    /// It was deleted; what is done to it after that is done to a new file of that name.
    Deleted,
    /// It was synced: what was done to it before this place of the log is on the disk.
    Synced(u64),
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it stands in the log.
    pub(super) at: u64,
    /// The file.
    pub(super) part: Part,
    /// What was done.
    pub(super) done: Done,
}

/// The log, for one file of the store.
pub(super) struct Log {
    file: File,
    part: Part,
}

impl Log {
    /// The log for a file; nothing where nobody watches its store.
    pub(super) fn of(path: &Path) -> std::io::Result<Option<Log>> {
        let (part, store) = Part::of(path);
        // Lines of several processes stay whole, as each is appended by one write.
        match OpenOptions::new().append(true).open(place(&store)) {
            Ok(file) => Ok(Some(Log { file, part })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How long it is.
    pub(super) fn length(&self) -> std::io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Appends a line.
    pub(super) fn note(&self, kind: Kind, number: u64, bytes: &[u8]) -> std::io::Result<()> {
        (&self.file).write_all(&encoded(self.part, kind, number, bytes))
    }

    /// A new log for a store of which this is on the disk.
    pub(super) fn begin(store: &Path, held: &Disk) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for part in Part::ALL {
            if let Some(bytes) = &held[part] {
                lines.extend(encoded(part, Kind::Written, 0, bytes));
                lines.extend(encoded(part, Kind::Synced, lines.len() as u64, &[]));
            }
        }
        Ok(std::fs::write(place(store), lines)?)
    }

    /// Everything that was noted of a store.
    pub(super) fn read(store: &Path) -> anyhow::Result<Vec<Line>> {
        Ok(decoded(&std::fs::read(place(store))?))
    }

    #[cfg(test)]
    pub(super) fn is_of(store: &Path) -> bool {
        place(store).exists()
    }
}

fn place(store: &Path) -> PathBuf {
    super::with_end(store, END)
}

/// What a line says was done, as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// With its place, and the bytes.
    Written = 0,
    /// With its new length.
    Truncated = 1,
    /// Without a number.
    Deleted = 2,
    /// With the log's length when the sync began.
    Synced = 3,
}

fn encoded(part: Part, kind: Kind, number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(HEAD + bytes.len());
    // SQLite writes a page at a time, and stores of tests are small.
    line.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    line.extend([part as u8, kind as u8]);
    line.extend(number.to_le_bytes());
    line.extend(bytes);
    line
}

/// A process that was killed may leave a part of a line at the end: then what it notes
/// was not done, or not synced, either.
fn decoded(mut log: &[u8]) -> Vec<Line> {
    let whole = log.len();
    let mut lines = Vec::new();
    while let Some(line) = next(&mut log, whole) {
        lines.push(line);
    }
    lines
}

fn next(log: &mut &[u8], whole: usize) -> Option<Line> {
    let at = (whole - log.len()) as u64;
    let (length, rest) = log.split_first_chunk::<4>()?;
    let ([part, kind], rest) = rest.split_first_chunk::<2>()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (bytes, rest) = rest.split_at_checked(length)?;
    let number = u64::from_le_bytes(*number);
    let done = match kind {
        0 => Done::Written(number, bytes.to_vec()),
        1 => Done::Truncated(number),
        2 => Done::Deleted,
        _ => Done::Synced(number),
    };
    *log = rest;
    let part = *Part::ALL.get(usize::from(*part))?;
    Some(Line { at, part, done })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_and_one_that_was_torn_is_left_out() {
        let mut log = encoded(Part::Wal, Kind::Written, 4096, b"page");
        log.extend(encoded(Part::Main, Kind::Truncated, 7, &[]));
        let second = log.len() as u64;
        log.extend(encoded(Part::Wal, Kind::Synced, 18, &[]));
        log.extend(encoded(Part::Journal, Kind::Deleted, 0, &[]));
        let last = log.len();
        log.extend(encoded(Part::Main, Kind::Written, 0, b"torn"));
        for end in last..log.len() {
            let lines = decoded(&log[..end]);
            assert_eq!(lines.len(), 4, "{end}");
            assert_eq!(
                lines[0],
                Line {
                    at: 0,
                    part: Part::Wal,
                    done: Done::Written(4096, b"page".to_vec())
                }
            );
            assert_eq!(lines[1].done, Done::Truncated(7));
            assert_eq!((lines[2].at, &lines[2].done), (second, &Done::Synced(18)));
            assert_eq!(
                (lines[3].part, &lines[3].done),
                (Part::Journal, &Done::Deleted)
            );
        }
        assert_eq!(decoded(&log).len(), 5);
    }

    #[test]
    fn a_file_of_a_store_is_known_by_its_name() {
        let store = PathBuf::from("/a/halo.db");
        for part in Part::ALL {
            assert_eq!(Part::of(&part.beside(&store)), (part, store.clone()));
        }
    }
}
