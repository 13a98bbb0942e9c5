//! The state directory: its mode, its file system, and how files and directories are made durable in it.
//!
//! Nothing here widens or narrows a directory that somebody else made: one that others may write to is refused.

use crate::traits::StoreError;
use rustix::fs::{CWD, FileType, Mode, StatFs, major, minor, mknodat};
use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// File systems by `f_type` whose locks or shared memory cannot be trusted between machines (linux/magic.h and the
/// file systems' own sources).
const NETWORKED: [(u64, &str); 16] = [
    (0x6969, "nfs"),
    (0x517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x0102_1997, "9p"),
    (0x0bd0_0bd0, "lustre"),
    (0x00c3_6400, "ceph"),
    (0x5346_414f, "afs"),
    (0x6b41_4653, "afs"),
    (0x7375_7245, "coda"),
    (0x564c, "ncp"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
    (0x4750_4653, "gpfs"),
    (0x1983_0326, "beegfs"),
    (0xaad7_aaea, "panfs"),
];

/// `f_type` of everything that goes through FUSE, near or far.
const FUSE: u64 = 0x6573_5546;

/// What goes through FUSE and stays on this machine. All else may be anywhere, and is refused.
const NEAR_FUSE: [&str; 8] = [
    "fuseblk",
    "fuse.bindfs",
    "fuse.cryfs",
    "fuse.encfs",
    "fuse.fuse-overlayfs",
    "fuse.gocryptfs",
    "fuse.mergerfs",
    "fuse.securefs",
];

/// The kind of network file system that `f_type` (from statfs) and `mounted` (the type in mountinfo, asked for FUSE
/// only) say, or `None` for one that lies on this machine.
#[must_use]
pub fn network_kind(f_type: u64, mounted: Option<&str>) -> Option<String> {
    if f_type == FUSE {
        let kind = mounted.unwrap_or("fuse");
        return (!NEAR_FUSE.contains(&kind)).then(|| kind.to_owned());
    }
    NETWORKED.iter().find(|(magic, _)| *magic == f_type).map(|(_, kind)| (*kind).to_owned())
}

/// Makes the state directory where it is missing and refuses one that cannot hold a ledger.
pub(crate) fn prepare(dir: &Path) -> Result<(), StoreError> {
    make_directory(dir)?;
    let about = dir.metadata().map_err(|source| unusable(dir, source))?;
    if about.mode() & 0o022 != 0 {
        let why = "others may write to it; `chmod go-w` it or choose another directory";
        return Err(unusable(dir, io::Error::new(ErrorKind::PermissionDenied, why)));
    }
    refuse_disk(dir, dir)
}

/// A state directory as it is, looked at without making it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether it is there already.
    pub there: bool,
    /// Bytes that this user may still write on its disk.
    pub free: u64,
}

/// Looks at a state directory, or at where it would be made.
///
/// # Errors
/// [`StoreError::NetworkFileSystem`], and [`StoreError::Unusable`] where nothing can be said of it.
pub fn look(dir: &Path) -> Result<Look, StoreError> {
    let standing = dir.ancestors().find(|up| up.is_dir()).unwrap_or(Path::new("/"));
    let disk = rustix::fs::statvfs(standing).map_err(|errno| unusable(dir, errno.into()))?;
    refuse_disk(dir, standing)?;
    Ok(Look { there: dir.is_dir(), free: disk.f_bavail.saturating_mul(disk.f_frsize) })
}

/// Refuses to keep `dir` on the disk that `standing` lies on, where that is another machine's.
fn refuse_disk(dir: &Path, standing: &Path) -> Result<(), StoreError> {
    let about = standing.metadata().map_err(|source| unusable(dir, source))?;
    let disk = rustix::fs::statfs(standing).map_err(|errno| unusable(dir, errno.into()))?;
    let f_type = f_type(&disk);
    let mounted = if f_type == FUSE { mounted_as(about.dev()) } else { None };
    refuse_networked(dir, f_type, mounted.as_deref())
}

fn refuse_networked(dir: &Path, f_type: u64, mounted: Option<&str>) -> Result<(), StoreError> {
    match network_kind(f_type, mounted) {
        Some(kind) => Err(StoreError::NetworkFileSystem { path: dir.into(), kind }),
        None => Ok(()),
    }
}

/// The magic numbers have 32 bits; where the field is signed and narrow they arrive sign-extended.
fn f_type(disk: &StatFs) -> u64 {
    (disk.f_type as u64) & 0xffff_ffff
}

/// The type of the mount with this device number, as `/proc/self/mountinfo` has it (proc_pid_mountinfo(5)).
fn mounted_as(device: u64) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let wanted = format!("{}:{}", major(device), minor(device));
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        (mount.split(' ').nth(2)? == wanted).then(|| kind.split(' ').next().unwrap_or_default().to_owned())
    })
}

/// Makes an empty file with mode 0600 unless it exists, and narrows one that is wider.
///
/// It is never opened here: closing any descriptor of a database drops the locks that SQLite holds on it in this
/// process (sqlite.org/howtocorrupt.html §2.2).
pub(crate) fn make_file(path: &Path) -> Result<(), StoreError> {
    match mknodat(CWD, path, FileType::RegularFile, Mode::RUSR | Mode::WUSR, 0) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
        Err(errno) => return Err(unusable(path, errno.into())),
    }
    let about = path.symlink_metadata().map_err(|source| unusable(path, source))?;
    if !about.is_file() {
        return Err(unusable(path, io::Error::new(ErrorKind::InvalidInput, "it is not a plain file")));
    }
    if about.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(|source| unusable(path, source))?;
    }
    Ok(())
}

/// Makes a directory and its missing parents with mode 0700, durably.
pub(crate) fn make_directory(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| unusable(path, source))?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Opens a directory, to lock or to sync it.
pub(crate) fn directory(path: &Path) -> Result<File, StoreError> {
    File::open(path).map_err(|source| unusable(path, source))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    directory(path)?.sync_all().map_err(|source| unusable(path, source))
}

/// The error for a disk without space, with what is free on it.
pub(crate) fn full(path: &Path) -> StoreError {
    let disk = path.ancestors().find_map(|path| rustix::fs::statvfs(path).ok());
    let free = disk.map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    StoreError::Full { path: path.into(), free }
}

/// The error for a file or directory that cannot be used; a full disk or quota has its own.
pub(crate) fn unusable(path: &Path, source: io::Error) -> StoreError {
    if matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        return full(path);
    }
    StoreError::Unusable { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_another_machine_is_named() {
        for (f_type, mounted, kind) in [
            (0x6969, None, Some("nfs")),
            (0xff53_4d42, None, Some("cifs")),
            (0xfe53_4d42, None, Some("smb2")),
            (0x0102_1997, None, Some("9p")),
            (0x0bd0_0bd0, None, Some("lustre")),
            (FUSE, Some("fuse.sshfs"), Some("fuse.sshfs")),
            (FUSE, Some("fuse.never-heard-of"), Some("fuse.never-heard-of")),
            (FUSE, None, Some("fuse")),
            (FUSE, Some("fuseblk"), None),
            (FUSE, Some("fuse.gocryptfs"), None),
            (0xef53, None, None),
            (0x9123_683e, None, None),
            (0x0102_1994, None, None),
            (0x5846_5342, None, None),
        ] {
            assert_eq!(network_kind(f_type, mounted).as_deref(), kind, "{f_type:#x} {mounted:?}");
        }
    }

    #[test]
    fn the_refusal_names_directory_and_kind() {
        let refused = refuse_networked(Path::new("/home/a/state"), 0x6969, None).expect_err("nfs");
        assert_eq!(
            refused.to_string(),
            "/home/a/state is on a network file system (nfs), whose locks cannot be trusted"
        );
        refuse_networked(Path::new("/home/a/state"), 0xef53, None).expect("ext4");
    }

    #[test]
    fn a_mount_is_found_by_its_device() {
        let root = Path::new("/proc").metadata().expect("/proc").dev();
        assert_eq!(mounted_as(root).as_deref(), Some("proc"));
        assert_eq!(mounted_as(u64::MAX), None);
    }
}
