//! Paths that are kept from a worker: absent from its checkout and from the objects that its git calls can reach.
//!
//! Our own index still holds them, marked as not checked out, so that what is collected has them as they were. The
//! worker's git directory knows one commit without a parent, whose tree has no such path, and borrows nothing.

use crate::error::{Result, io};
use crate::git::{Place, items};
use crate::gitdir::{GitDir, put};
use crate::run::RunRepo;
use crate::snapshot::beneath;
use crate::worktree::Worktree;
use mao_core::glob::{self, Glob};
use mao_core::ids::Stamp;
use std::fs;
use std::path::Path;

impl RunRepo {
    /// Takes the files that `withheld` means out of `building` and out of what the worker of `made` can reach.
    pub(crate) fn withhold(&self, made: &Worktree, building: &Path, withheld: &[Glob], at: Stamp) -> Result<()> {
        let place = self.place().checkout(building, &made.index);
        let all = self.git().call(place, &["ls-files", "-z"], b"")?;
        let hidden: Vec<&[u8]> =
            items(&all).filter(|path| glob::any(withheld, &String::from_utf8_lossy(path))).collect();
        let listed: Vec<u8> = hidden.iter().flat_map(|path| [path, b"\0".as_slice()].concat()).collect();
        // What the worker sees is made from an index of its own, which becomes its git directory's.
        let theirs = made.git_dir.join("index");
        fs::create_dir_all(&made.git_dir).map_err(io(&made.git_dir))?;
        fs::copy(&made.index, &theirs).map_err(io(&theirs))?;
        let seen = self.place().checkout(building, &theirs);
        self.git().call(seen, &["update-index", "-z", "--force-remove", "--stdin"], &listed)?;
        let tree = self.git().line(seen, &["write-tree"], b"")?;
        let commit = self.commit(&tree, &[], "The tree without what is private", "", at)?;
        GitDir { format: self.format(), head: &commit, alternates: &[], shallow: None }.write(&made.git_dir)?;
        let pack = ["pack-objects", "--quiet", "--stdout", "--revs"];
        let packed = self.git().call(self.place(), &pack, format!("{commit}\n").as_bytes())?;
        let into = Place::of(&made.git_dir, self.format());
        self.git().call(into, &["unpack-objects", "-q"], &packed)?;

        self.git().call(place, &["update-index", "-z", "--skip-worktree", "--stdin"], &listed)?;
        for path in hidden {
            let path = beneath(building, path);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(&path)(error)),
                Ok(()) | Err(_) => {}
            }
            // A directory that holds nothing else goes too: its name is as private as what was in it.
            let above = path.ancestors().skip(1).take_while(|up| *up != building);
            above.take_while(|up| fs::remove_dir(up).is_ok()).for_each(drop);
        }
        put(&self.marker(&made.name), b"")
    }

    /// Whether something is kept from the worker of this worktree.
    pub(crate) fn withholds(&self, name: &str) -> bool {
        self.marker(name).exists()
    }

    pub(crate) fn marker(&self, name: &str) -> std::path::PathBuf {
        self.dir().join("index").join(format!("{name}.withheld"))
    }

    /// The withheld paths at which a worker has written something.
    pub(crate) fn filled_in(&self, worktree: &Worktree) -> Result<Vec<Vec<u8>>> {
        if !self.withholds(&worktree.name) {
            return Ok(Vec::new());
        }
        let out = self.git().call(self.place_of(worktree), &["ls-files", "-z", "-t"], b"")?;
        let hidden = items(&out).filter_map(|line| line.strip_prefix(b"S ".as_slice()));
        let there = hidden.filter(|path| fs::symlink_metadata(beneath(&worktree.path, path)).is_ok());
        Ok(there.map(<[u8]>::to_vec).collect())
    }
}
