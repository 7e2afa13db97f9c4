//! Zstandard data of any number of frames, one after the other (RFC 8878, section 3).
//!
//! Linkers compress a section in pieces, and a frame of each lies in the file.

use std::io::{self, ErrorKind, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Reads what all frames hold; frames to be skipped are.
pub(super) struct ZstdFrames<'a> {
    rest: &'a [u8],
    decoder: FrameDecoder,
    is_in_frame: bool,
}

impl<'a> ZstdFrames<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self {
            rest: data,
            decoder: FrameDecoder::new(),
            is_in_frame: false,
        }
    }

    /// Reads the header of the next frame with content; `false` at the end of the data.
    fn begin_frame(&mut self) -> io::Result<bool> {
        while !self.rest.is_empty() {
            match self.decoder.init(&mut self.rest) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let after = self.rest.get(length as usize..);
                    self.rest = after.ok_or(ErrorKind::UnexpectedEof)?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl Read for ZstdFrames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_in_frame && !self.begin_frame()? {
                return Ok(0);
            }
            self.is_in_frame = true;
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let decoded = self.decoder.decode_blocks(&mut self.rest, one);
                decoded.map_err(io::Error::other)?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.is_in_frame = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::ZstdFrames;

    fn frame(text: &str) -> Vec<u8> {
        compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)
    }

    fn read(data: &[u8]) -> std::io::Result<String> {
        let mut text = String::new();
        ZstdFrames::new(data).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn frames_are_joined_and_skippable_ones_left_out() {
        let long = "section ".repeat(100_000);
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let data = [frame(&long), frame(""), skippable.to_vec(), frame("end")].concat();
        assert_eq!(read(&data).unwrap(), long + "end");
        assert_eq!(read(&[]).unwrap(), "");
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        let mut data = frame("text");
        data.extend(*b"garbage behind it");
        read(&data).unwrap_err();
        read(&[0x50, 0x2a, 0x4d, 0x18, 200, 0, 0, 0, 1]).unwrap_err();
    }
}
