//! The raw output of a child, appended to a file as it comes: what happened stays readable even when nothing of it was
//! understood. It never grows past its bound and never follows a link.

use crate::ended::Stream;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Bytes of the other stream that are held back while a line is under way.
const HELD: usize = 64 * 1024;

/// Where raw output goes.
#[derive(Debug)]
pub(crate) struct Spill {
    file: File,
    left: u64,
    /// The stream whose line has begun and not ended in the file.
    within: Option<Stream>,
    /// What the other stream said meanwhile, so that it does not stand in the middle of that line.
    held: Vec<u8>,
    fault: Option<String>,
}

impl Spill {
    /// Opens the file for appending; it is created with mode 0600.
    pub(crate) fn open(path: &Path, bound: u64) -> io::Result<Spill> {
        let no_links = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let file = File::options().append(true).create(true).mode(0o600).custom_flags(no_links).open(path)?;
        Ok(Spill { file, left: bound, within: None, held: Vec::new(), fault: None })
    }

    /// Appends what one stream said.
    pub(crate) fn add(&mut self, stream: Stream, bytes: &[u8]) {
        let Some(&last) = bytes.last() else { return };
        match self.within {
            Some(other) if other != stream => {
                self.held.extend_from_slice(bytes);
                if self.held.len() >= HELD {
                    self.flush();
                }
                return;
            }
            Some(_) | None => {}
        }
        self.write(bytes);
        if last == b'\n' {
            self.within = None;
            self.flush();
        } else {
            self.within = Some(stream);
        }
    }

    /// Writes what is held back, and says what went wrong, if something did.
    pub(crate) fn finish(&mut self) -> Option<String> {
        self.flush();
        self.fault.take()
    }

    fn flush(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.write(&held);
    }

    fn write(&mut self, bytes: &[u8]) {
        let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        self.left -= taken as u64;
        if self.fault.is_none()
            && let Err(error) = self.file.write_all(&bytes[..taken])
        {
            // A full disk must not end the child; the report says that the file is not whole.
            self.fault = Some(error.to_string());
        }
    }
}
