//! Where past events are: files, folders, wildcards, standard input; plain, gzip or zstd.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use walkdir::WalkDir;

/// Data compressed in itself and again by what stored it.
const MOST_LAYERS: usize = 2;
const BUFFER_BYTES: usize = 256 * 1024;

/// One source of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// What is in memory already, under a name.
    Memory(String, Vec<u8>),
}

/// A path under which nothing is.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// The path cannot be looked at.
    #[error("cannot read {path}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Wildcards that no file matches.
    #[error("no file matches {0}")]
    NoMatch(String),
    /// Wildcards that are none.
    #[error("{path} is no pattern")]
    NoPattern {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: glob::PatternError,
    },
}

/// The inputs that a path names: `-`, a file, a folder with everything below it, or wildcards; in the order of their
/// names. Hidden files of a folder are left out.
pub fn inputs(path: &str) -> Result<Vec<Input>, Missing> {
    if path == "-" {
        return Ok(vec![Input::Stdin]);
    }
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => in_folder(Path::new(path)),
        Ok(_) => Ok(vec![Input::File(path.into())]),
        Err(_) if path.contains(['*', '?', '[']) => {
            let matches = glob::glob(path).map_err(|source| Missing::NoPattern { path: path.to_owned(), source })?;
            let mut found = Vec::new();
            for path in matches {
                let path = path.map_err(|error| {
                    let path = error.path().to_path_buf();
                    unreadable(&path, error.into())
                })?;
                found.extend(if path.is_dir() { in_folder(&path)? } else { vec![Input::File(path)] });
            }
            if found.is_empty() { Err(Missing::NoMatch(path.to_owned())) } else { Ok(found) }
        }
        Err(source) => Err(unreadable(Path::new(path), source)),
    }
}

fn in_folder(folder: &Path) -> Result<Vec<Input>, Missing> {
    let hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with('.');
    let walk = WalkDir::new(folder).sort_by_file_name().into_iter();
    let mut found = Vec::new();
    for entry in walk.filter_entry(|entry| entry.depth() == 0 || !hidden(entry.file_name())) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            unreadable(&path, error.into())
        })?;
        if entry.file_type().is_file() || (entry.path_is_symlink() && entry.path().is_file()) {
            found.push(Input::File(entry.into_path()));
        }
    }
    Ok(found)
}

fn unreadable(path: &Path, source: io::Error) -> Missing {
    Missing::Unreadable { path: path.display().to_string(), source }
}

impl Input {
    /// What people call it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
            Self::Memory(name, _) => name.clone(),
        }
    }

    /// How many bytes it has as it is stored; `None` when only reading it tells.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::File(path) => std::fs::metadata(path).ok().filter(|found| found.is_file()).map(|found| found.len()),
            Self::Stdin => None,
            Self::Memory(_, bytes) => Some(bytes.len() as u64),
        }
    }

    /// Its text, decompressed by what its first bytes say. `progress` is told of the bytes read as they are stored.
    pub(crate) fn open<'a>(&'a self, progress: &'a (dyn Fn(u64) + Sync)) -> io::Result<Box<dyn BufRead + 'a>> {
        let raw: Box<dyn Read + 'a> = match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Stdin => Box::new(io::stdin()),
            Self::Memory(_, bytes) => Box::new(Cursor::new(bytes)),
        };
        let mut reader: Box<dyn BufRead + 'a> =
            Box::new(BufReader::with_capacity(BUFFER_BYTES, Watched { raw, progress }));
        for _ in 0..MOST_LAYERS {
            let first = reader.fill_buf()?;
            reader = if first.starts_with(&[0x1f, 0x8b]) {
                Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(reader)))
            } else if first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
                Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd::Decoder::with_buffer(reader)?))
            } else {
                break;
            };
        }
        Ok(reader)
    }
}

struct Watched<'a> {
    raw: Box<dyn Read + 'a>,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buffer)?;
        (self.progress)(read as u64);
        Ok(read)
    }
}
