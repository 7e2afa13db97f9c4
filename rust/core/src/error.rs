//! The error type of this crate.

use std::sync::Arc;

use crate::die::DieId;

/// A failure that the caller has to know about.
///
/// Damage inside a file is no error: it is listed in [`Image::problems`](crate::Image::problems).
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The operating system could not open or map a file.
    #[error("{path}: {source}")]
    Io {
        /// The file as it was asked for.
        path: String,
        /// The error of the system.
        source: Arc<std::io::Error>,
    },
    /// A file is not an ELF image that can be read here.
    #[error("{name}: {reason}")]
    NotAnImage {
        /// Name of the image.
        name: String,
        /// Description of what it is instead.
        reason: String,
    },
    /// No loadable segment has all of the bytes that were asked for.
    #[error("cannot access {size} bytes at {address:#x}")]
    MemoryFault {
        /// First byte asked for.
        address: u64,
        /// Bytes asked for.
        size: u64,
    },
    /// Debug information that was asked for contradicts itself.
    #[error("damaged debug information: {0}")]
    Damaged(String),
    /// Reading on would take more memory than a file of its size is allowed.
    #[error("to read it would take more memory than a file of this size is allowed")]
    Costly,
    /// A number does not name an entry of this image.
    #[error("{:#x} is no debugging information entry of this image", .0.0)]
    UnknownDie(DieId),
    /// The end of a search was asked for.
    #[error("the search was cancelled")]
    Cancelled,
    /// A regular expression could not be compiled.
    #[error("{0}")]
    Pattern(#[from] regex::Error),
}

impl From<gimli::Error> for Error {
    fn from(error: gimli::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
