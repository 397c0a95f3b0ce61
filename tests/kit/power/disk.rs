//! What a disk holds after a power cut: what was synced, and of what was written after
//! that anything or nothing, sector by sector, in any order.
//!
//! This is what SQLite counts on and no more: a sector is whole, and a write leaves alone
//! what is beside it (its "powersafe overwrite"). A file's length is written by itself,
//! so a file may have grown without what was written there. A file's name, made or
//! deleted, is safe with the next sync of the file of that name: SQLite syncs the folder
//! with the first sync of a journal or a write-ahead log.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::log::{Done, Line, Part};

/// The bytes that a disk writes at once.
const SECTOR: usize = 512;

/// The files of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Disk([Option<Vec<u8>>; 3]);

impl Index<Part> for Disk {
    type Output = Option<Vec<u8>>;

    fn index(&self, part: Part) -> &Self::Output {
        &self.0[part as usize]
    }
}

impl IndexMut<Part> for Disk {
    fn index_mut(&mut self, part: Part) -> &mut Self::Output {
        &mut self.0[part as usize]
    }
}

/// What is left when the power is cut now.
pub(super) fn after_a_cut(log: &[Line], luck: &mut StdRng) -> Disk {
    let mut left = Disk::default();
    for part in Part::ALL {
        left[part] = Written::of(part, log).left(luck);
    }
    left
}

/// How many writes a cut may take back now.
pub(super) fn not_synced(log: &[Line]) -> usize {
    let parts = Part::ALL.map(|part| Written::of(part, log).since.len());
    parts.iter().sum()
}

/// What is left when nothing is cut.
#[cfg(test)]
pub(super) fn without_a_cut(log: &[Line]) -> Disk {
    let mut left = Disk::default();
    for part in Part::ALL {
        let written = Written::of(part, log);
        left[part] = written.synced;
        for done in written.since {
            apply(&mut left[part], done);
        }
    }
    left
}

/// A file as it was synced, and what was done to it since.
struct Written<'l> {
    synced: Option<Vec<u8>>,
    since: Vec<&'l Done>,
}

impl<'l> Written<'l> {
    fn of(part: Part, log: &'l [Line]) -> Written<'l> {
        let mut synced = None;
        let mut since: Vec<&Line> = Vec::new();
        for line in log.iter().filter(|line| line.part == part) {
            let Done::Synced(until) = line.done else {
                since.push(line);
                continue;
            };
            // Another process may have written while this one synced.
            let safe = since.iter().take_while(|line| line.at < until).count();
            for line in since.drain(..safe) {
                apply(&mut synced, &line.done);
            }
        }
        let since = since.into_iter().map(|line| &line.done).collect();
        Written { synced, since }
    }

    fn left(self, luck: &mut StdRng) -> Option<Vec<u8>> {
        // Each file that has had the name since, with what was done to it.
        let mut files = vec![(self.synced, Vec::new())];
        for done in self.since {
            match (done, files.last_mut()) {
                (Done::Deleted, _) => files.push((None, Vec::new())),
                (done, Some((_, since))) => since.push(done),
                (_, None) => {}
            }
        }
        let (synced, since) = files.swap_remove(luck.random_range(0..files.len()));
        if synced.is_none() && (since.is_empty() || luck.random()) {
            return None;
        }
        Some(sectors(
            synced.unwrap_or_default(),
            &since,
            Stands::drawn(luck),
            luck,
        ))
    }
}

fn apply(file: &mut Option<Vec<u8>>, done: &Done) {
    match done {
        Done::Deleted => *file = None,
        done => {
            change(file.get_or_insert_default(), done);
        }
    }
}

/// Does it to a file that is there; answers which bytes it touched.
fn change(file: &mut Vec<u8>, done: &Done) -> std::ops::Range<usize> {
    match done {
        Done::Written(at, bytes) => {
            let touched = index(*at)..index(*at) + bytes.len();
            if file.len() < touched.end {
                file.resize(touched.end, 0);
            }
            file[touched.clone()].copy_from_slice(bytes);
            touched
        }
        Done::Truncated(length) => {
            let touched = index(*length)..file.len().max(index(*length));
            file.resize(index(*length), 0);
            touched
        }
        Done::Deleted | Done::Synced(_) => 0..0,
    }
}

fn index(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// How much stands of what was not synced.
#[derive(Clone, Copy, Debug)]
enum Stands {
    Nothing,
    Everything,
    /// So much of it is as it was written last, the rest as it was at any time.
    Some(f64),
}

impl Stands {
    /// The disk had not begun, or was done, or was in the midst of it.
    fn drawn(luck: &mut StdRng) -> Stands {
        match luck.random_range(0..4) {
            0 => Stands::Nothing,
            1 => Stands::Everything,
            _ => Stands::Some(luck.random()),
        }
    }

    /// Which of so many versions stands; 0 is what was synced.
    fn version(self, versions: usize, luck: &mut StdRng) -> usize {
        match self {
            Stands::Nothing => 0,
            Stands::Everything => versions - 1,
            Stands::Some(last) if luck.random_bool(last) => versions - 1,
            Stands::Some(_) => luck.random_range(0..versions),
        }
    }
}

/// Each sector as it was at any time since it was synced; so is the length.
fn sectors(synced: Vec<u8>, since: &[&Done], stands: Stands, luck: &mut StdRng) -> Vec<u8> {
    let mut now = synced.clone();
    let mut lengths = vec![now.len()];
    let mut versions: BTreeMap<usize, Vec<Vec<u8>>> = BTreeMap::new();
    for done in since {
        let touched = change(&mut now, done);
        lengths.push(now.len());
        if touched.is_empty() {
            continue;
        }
        for sector in touched.start / SECTOR..touched.end.div_ceil(SECTOR) {
            let known = versions.entry(sector).or_insert_with(|| {
                let first = at(&synced, sector);
                vec![first]
            });
            known.push(at(&now, sector));
        }
    }
    let mut left = synced;
    // The longest that it can be, to the end of a sector.
    let longest = lengths.iter().copied().max().unwrap_or_default();
    left.resize(longest.next_multiple_of(SECTOR), 0);
    for (sector, versions) in versions {
        let version = stands.version(versions.len(), luck);
        let place = sector * SECTOR..(sector + 1) * SECTOR;
        left[place].copy_from_slice(&versions[version]);
    }
    left.truncate(lengths[stands.version(lengths.len(), luck)]);
    left
}

/// A sector of a file; behind its end there is nothing.
fn at(file: &[u8], sector: usize) -> Vec<u8> {
    let start = (sector * SECTOR).min(file.len());
    let end = (start + SECTOR).min(file.len());
    let mut bytes = file[start..end].to_vec();
    bytes.resize(SECTOR, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const FULL: u64 = u64::MAX;

    /// What is left of the write-ahead log, with many seeds.
    fn left(done: &[Done]) -> BTreeSet<Option<Vec<u8>>> {
        let lines = done.iter().enumerate().map(|(at, done)| Line {
            at: at as u64,
            part: Part::Wal,
            done: done.clone(),
        });
        let lines: Vec<Line> = lines.collect();
        let drawn = |seed| after_a_cut(&lines, &mut rand::SeedableRng::seed_from_u64(seed));
        let left: Vec<Disk> = (0..400).map(drawn).collect();
        assert!(left.iter().all(|disk| disk[Part::Main].is_none()));
        left.into_iter()
            .map(|disk| disk[Part::Wal].clone())
            .collect()
    }

    fn written(at: usize, byte: u8, length: usize) -> Done {
        Done::Written(at as u64, vec![byte; length])
    }

    #[test]
    fn what_was_synced_stands() {
        let one = left(&[written(0, 1, 3_000), Done::Synced(FULL)]);
        assert_eq!(one, BTreeSet::from([Some(vec![1; 3_000])]));
        let shorter = [
            written(0, 1, 3_000),
            Done::Truncated(700),
            written(699, 2, 2),
            Done::Synced(FULL),
        ];
        let mut expected = vec![1; 699];
        expected.extend([2, 2]);
        assert_eq!(left(&shorter), BTreeSet::from([Some(expected)]));
    }

    #[test]
    fn what_was_not_synced_may_be_gone() {
        let after = left(&[written(0, 1, 600), Done::Synced(FULL), written(600, 2, 40)]);
        assert!(after.contains(&Some(vec![1; 600])), "nothing of it");
        let mut all = vec![1; 600];
        all.extend([2; 40]);
        assert!(after.contains(&Some(all)), "all of it");
        let mut only_longer = vec![1; 600];
        only_longer.extend([0; 40]);
        assert!(after.contains(&Some(only_longer)), "only its length");
        assert_eq!(after.len(), 3);
        assert!(after.iter().flatten().all(|file| file[..600] == [1; 600]));
    }

    #[test]
    fn what_was_written_while_a_sync_ran_is_not_synced() {
        // The second write stands in the log where the sync had begun already.
        let after = left(&[written(0, 1, 512), written(0, 2, 512), Done::Synced(1)]);
        assert_eq!(
            after,
            BTreeSet::from([Some(vec![1; 512]), Some(vec![2; 512])])
        );
    }

    #[test]
    fn a_write_is_torn_at_sectors_only_and_a_later_one_may_stand_without_an_earlier() {
        let after = left(&[
            written(0, 1, 4 * SECTOR),
            Done::Synced(FULL),
            written(SECTOR, 2, 2 * SECTOR),
            written(3 * SECTOR, 3, SECTOR),
        ]);
        let kinds = |file: &Vec<u8>| -> Vec<u8> {
            let sectors = file.chunks(SECTOR);
            sectors
                .map(|sector| {
                    assert!(sector.iter().all(|byte| *byte == sector[0]));
                    sector[0]
                })
                .collect()
        };
        let after: BTreeSet<Vec<u8>> = after.iter().flatten().map(kinds).collect();
        let expected = [1, 2].iter().flat_map(|second| {
            let third = [1, 2].iter();
            third.flat_map(move |third| [1, 3].map(|fourth| vec![1, *second, *third, fourth]))
        });
        assert_eq!(after, expected.collect());
    }

    #[test]
    fn a_write_within_a_sector_leaves_alone_what_is_beside_it() {
        let after = left(&[
            written(0, 1, SECTOR),
            Done::Synced(FULL),
            written(100, 2, 10),
            written(200, 3, 10),
        ]);
        for file in after.iter().flatten() {
            let beside = file
                .iter()
                .enumerate()
                .filter(|(at, _)| !(100..110).contains(at) && !(200..210).contains(at));
            assert!(beside.clone().count() == SECTOR - 20);
            assert!(beside.into_iter().all(|(_, byte)| *byte == 1));
        }
        // The page that a system has in memory has the first with the second.
        assert_eq!(after.len(), 3);
    }

    #[test]
    fn a_file_that_was_never_synced_may_not_be_there_and_a_deleted_one_may_be_back() {
        let new = left(&[written(0, 1, 10)]);
        assert!(new.contains(&None) && new.contains(&Some(vec![1; 10])));
        let deleted = [written(0, 1, 10), Done::Synced(FULL), Done::Deleted];
        let gone = left(&deleted);
        assert_eq!(gone, BTreeSet::from([None, Some(vec![1; 10])]));
        let mut again = deleted.to_vec();
        again.extend([written(0, 2, 10), Done::Synced(FULL)]);
        assert_eq!(left(&again), BTreeSet::from([Some(vec![2; 10])]));
    }
}
