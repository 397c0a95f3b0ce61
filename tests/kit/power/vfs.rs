//! SQLite's own files (its default "VFS"), with a note in the log of each write, cut,
//! sync and deletion of a store that somebody watches. All else, the locks and the shared
//! memory of a write-ahead log above all, is SQLite's own code on the very files.
//!
//! SQLite's VFS is an interface of C, for which Rust has to promise what the compiler
//! cannot check: so this file, and no other, may be unsafe. Crates that put a safe trait
//! over that interface have no default files below it, so that locks and shared memory
//! would be to do again.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use anyhow::ensure;
use rusqlite::ffi;

use super::log::{Kind, Log};

/// SQLite's own.
static REAL: AtomicPtr<ffi::sqlite3_vfs> = AtomicPtr::new(std::ptr::null_mut());

/// What is kept behind SQLite's own file, in memory that SQLite gives for both. The
/// methods are first: SQLite holds their address, by which the rest is found.
#[repr(C)]
struct Noted {
    methods: ffi::sqlite3_io_methods,
    real: *const ffi::sqlite3_io_methods,
    log: Log,
}

/// Puts itself between SQLite and its files, in this process; a second time does nothing.
pub(super) fn register() -> anyhow::Result<()> {
    static DONE: OnceLock<c_int> = OnceLock::new();
    let answer = *DONE.get_or_init(|| {
        // SAFETY: SQLite answers its default VFS, which lives as long as the process.
        let real = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
        if real.is_null() {
            return ffi::SQLITE_ERROR;
        }
        REAL.store(real, Ordering::Release);
        // SAFETY: as above; it is a table of numbers and functions, which may be copied.
        // The copied functions look at nothing of it but what is the same in both.
        let mut ours = unsafe { *real };
        ours.pNext = std::ptr::null_mut();
        ours.zName = c"power".as_ptr();
        ours.szOsFile =
            c_int::try_from(behind(ours.szOsFile) + size_of::<Noted>()).unwrap_or(c_int::MAX);
        ours.xOpen = Some(open);
        ours.xDelete = Some(delete);
        // SAFETY: a VFS has to live as long as it is registered: this is never freed.
        unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 1) }
    });
    ensure!(answer == ffi::SQLITE_OK, "SQLite takes no other VFS");
    Ok(())
}

/// Where [`Noted`] begins behind a file of this size.
fn behind(size: c_int) -> usize {
    usize::try_from(size)
        .unwrap_or_default()
        .next_multiple_of(align_of::<Noted>())
}

/// The log for a name that SQLite gives; none for a temporary file, which has no name.
///
/// # Safety
/// The name is null or ends with a zero.
unsafe fn log_of(name: *const c_char) -> std::io::Result<Option<Log>> {
    if name.is_null() {
        return Ok(None);
    }
    // SAFETY: as the caller says.
    let name = unsafe { CStr::from_ptr(name) };
    Log::of(Path::new(name.to_string_lossy().as_ref()))
}

/// # Safety
/// For SQLite, which gives memory of the size that [`register`] asked for.
unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let real = REAL.load(Ordering::Acquire);
    // SAFETY: `register` has put it there, and this is only called after that; SQLite's
    // own gets what it would get from SQLite.
    let (size, answer) = unsafe {
        let Some(open) = (*real).xOpen else {
            return ffi::SQLITE_ERROR;
        };
        ((*real).szOsFile, open(real, name, file, flags, out))
    };
    let of_a_store =
        ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;
    if answer != ffi::SQLITE_OK || flags & of_a_store == 0 {
        return answer;
    }
    // SAFETY: a name from SQLite.
    let log = match unsafe { log_of(name) } {
        Ok(Some(log)) => log,
        Ok(None) => return answer,
        Err(_) => {
            // SAFETY: it was opened just now. SQLite does not close what did not open.
            unsafe {
                if let Some(close) = (*(*file).pMethods).xClose {
                    close(file);
                }
                (*file).pMethods = std::ptr::null();
            }
            return ffi::SQLITE_CANTOPEN;
        }
    };
    // SAFETY: SQLite's own has made a file with methods, and behind it there is memory for
    // `Noted`, aligned as the file is, to at least its need. Nothing moves a file until it
    // is closed.
    unsafe {
        let real = (*file).pMethods;
        let mut methods = *real;
        methods.xWrite = Some(write);
        methods.xTruncate = Some(truncate);
        methods.xSync = Some(sync);
        methods.xClose = Some(close);
        let noted = file.byte_add(behind(size)).cast::<Noted>();
        noted.write(Noted { methods, real, log });
        (*file).pMethods = noted.cast();
    }
    answer
}

/// # Safety
/// For a file that [`open`] has opened and that is not closed.
unsafe fn noted<'f>(file: *mut ffi::sqlite3_file) -> &'f Noted {
    // SAFETY: the methods are the first of `Noted`, and were put there by `open`.
    unsafe { &*(*file).pMethods.cast::<Noted>() }
}

/// Calls SQLite's own method.
macro_rules! real {
    ($noted:expr, $method:ident($($argument:expr),*)) => {
        // SAFETY: SQLite's own methods, with the file and what SQLite has given for it.
        match unsafe { (*$noted.real).$method } {
            Some(method) => unsafe { method($($argument),*) },
            None => ffi::SQLITE_ERROR,
        }
    };
}

/// # Safety
/// For SQLite: so many bytes are there.
unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    length: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: this is a method of such files only.
    let noted = unsafe { noted(file) };
    let (Ok(count), Ok(place)) = (usize::try_from(length), u64::try_from(at)) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    // SAFETY: SQLite gives so many bytes, which are there for the time of the call.
    let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), count) };
    if noted.log.note(Kind::Written, place, bytes).is_err() {
        return ffi::SQLITE_IOERR_WRITE;
    }
    real!(noted, xWrite(file, from, length, at))
}

/// # Safety
/// For SQLite.
unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: ffi::sqlite3_int64) -> c_int {
    // SAFETY: this is a method of such files only.
    let noted = unsafe { noted(file) };
    let Ok(place) = u64::try_from(length) else {
        return ffi::SQLITE_IOERR_TRUNCATE;
    };
    if noted.log.note(Kind::Truncated, place, &[]).is_err() {
        return ffi::SQLITE_IOERR_TRUNCATE;
    }
    real!(noted, xTruncate(file, length))
}

/// Only what was noted when the sync began is safe when it has ended.
///
/// # Safety
/// For SQLite.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: this is a method of such files only.
    let noted = unsafe { noted(file) };
    let Ok(until) = noted.log.length() else {
        return ffi::SQLITE_IOERR_FSYNC;
    };
    let answer = real!(noted, xSync(file, flags));
    if answer == ffi::SQLITE_OK && noted.log.note(Kind::Synced, until, &[]).is_err() {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    answer
}

/// # Safety
/// For SQLite, which calls nothing of the file after this.
unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: `open` has put it there, and it is taken out once, as a file is closed once.
    let noted = unsafe {
        let noted = (*file).pMethods.cast::<Noted>().cast_mut().read();
        (*file).pMethods = noted.real;
        noted
    };
    real!(noted, xClose(file))
}

/// # Safety
/// For SQLite.
unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, folder: c_int) -> c_int {
    // SAFETY: a name from SQLite.
    let Ok(log) = (unsafe { log_of(name) }) else {
        return ffi::SQLITE_IOERR_DELETE;
    };
    let note = |kind, number| match &log {
        Some(log) => log.note(kind, number, &[]),
        None => Ok(()),
    };
    if note(Kind::Deleted, 0).is_err() {
        return ffi::SQLITE_IOERR_DELETE;
    }
    let real = REAL.load(Ordering::Acquire);
    // SAFETY: `register` has put it there, and this is only called after that.
    let answer = unsafe {
        match (*real).xDelete {
            Some(delete) => delete(real, name, folder),
            None => ffi::SQLITE_ERROR,
        }
    };
    let is_safe = answer == ffi::SQLITE_OK && folder != 0;
    // Who deletes a file of a store is alone with it.
    if is_safe && note(Kind::Synced, u64::MAX).is_err() {
        return ffi::SQLITE_IOERR_DELETE;
    }
    answer
}
