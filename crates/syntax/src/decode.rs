//! Bytes of a source file to text, by the rules of PEP 263.
//!
//! A UTF-8 byte order mark or a coding comment in the first two lines names the encoding; without
//! either it is UTF-8. What cannot be decoded is an error that says where, never replaced silently.

use std::fmt;

use encoding_rs::Encoding as Codec;

/// How the bytes of a file stand for its text; enough to write changed text back unchanged elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceEncoding {
    charset: Charset,
    byte_order_mark: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Utf8,
    Ascii,
    Latin1,
    Other(&'static Codec),
}

/// A decoded source file.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// How to get back to bytes.
    pub encoding: SourceEncoding,
}

/// Why the bytes of a file are not Python source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes do not fit the encoding that the file declares, or UTF-8 where it declares none.
    #[error("not valid {encoding} at byte {offset}")]
    Invalid {
        /// Name of the encoding.
        encoding: String,
        /// Offset of the first byte that does not fit.
        offset: usize,
    },
    /// The coding comment names an encoding that is not known.
    #[error("unknown encoding `{0}` in the coding comment")]
    Unknown(String),
    /// A UTF-8 byte order mark together with a coding comment that says otherwise.
    #[error("the byte order mark says UTF-8, the coding comment says `{0}`")]
    Contradiction(String),
    /// The file begins with a UTF-16 or UTF-32 byte order mark, which Python does not read.
    #[error("UTF-16 or UTF-32 text, which Python does not read as source")]
    Wide,
}

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Decodes the bytes of a source file.
pub fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(DecodeError::Wide);
    }
    let body = bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes);
    let byte_order_mark = body.len() != bytes.len();
    let charset = match coding_comment(body) {
        None => Charset::Utf8,
        Some(name) => Charset::named(name).ok_or_else(|| DecodeError::Unknown(name.to_owned()))?,
    };
    if byte_order_mark && charset != Charset::Utf8 {
        return Err(DecodeError::Contradiction(charset.to_string()));
    }
    let text = charset
        .decode(body)
        .map_err(|offset| DecodeError::Invalid { encoding: charset.to_string(), offset })?;
    Ok(Decoded { text, encoding: SourceEncoding { charset, byte_order_mark } })
}

impl SourceEncoding {
    /// `text` as bytes of this encoding; `None` where it has a character the encoding lacks.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        let mut bytes = if self.byte_order_mark { UTF8_MARK.to_vec() } else { Vec::new() };
        match self.charset {
            Charset::Utf8 => bytes.extend_from_slice(text.as_bytes()),
            Charset::Ascii if text.is_ascii() => bytes.extend_from_slice(text.as_bytes()),
            Charset::Ascii => return None,
            Charset::Latin1 => {
                for c in text.chars() {
                    bytes.push(u8::try_from(u32::from(c)).ok()?);
                }
            }
            Charset::Other(codec) => {
                let (encoded, _, unmappable) = codec.encode(text);
                if unmappable {
                    return None;
                }
                bytes.extend_from_slice(&encoded);
            }
        }
        Some(bytes)
    }
}

impl Charset {
    /// The charset Python means by `name`.
    fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('_', "-");
        match name.as_str() {
            "utf-8" | "utf8" | "u8" | "utf" | "cp65001" | "utf-8-sig" => Some(Self::Utf8),
            "ascii" | "us-ascii" | "646" => Some(Self::Ascii),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "iso-latin-1" | "8859" | "cp819" | "l1" => {
                Some(Self::Latin1)
            }
            // Editors' spellings: `utf-8-unix`, `latin-1-dos`.
            _ if name.starts_with("utf-8-") => Some(Self::Utf8),
            _ if name.starts_with("latin-1-") || name.starts_with("iso-8859-1-") => Some(Self::Latin1),
            _ => codec(&name).map(Self::Other),
        }
    }

    /// The text, or the offset of the first byte that does not fit.
    fn decode(self, bytes: &[u8]) -> Result<String, usize> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| error.valid_up_to()),
            Self::Ascii => match bytes.iter().position(|byte| !byte.is_ascii()) {
                Some(offset) => Err(offset),
                None => Ok(bytes.iter().map(|&byte| char::from(byte)).collect()),
            },
            Self::Latin1 => Ok(bytes.iter().map(|&byte| char::from(byte)).collect()),
            Self::Other(codec) => codec
                .decode_without_bom_handling_and_without_replacement(bytes)
                .map(std::borrow::Cow::into_owned)
                .ok_or_else(|| first_undecodable(codec, bytes)),
        }
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Ascii => "ASCII",
            Self::Latin1 => "Latin-1",
            Self::Other(codec) => codec.name(),
        })
    }
}

/// Looks a Python codec name up under the names of the web's registry.
fn codec(name: &str) -> Option<&'static Codec> {
    let narrow = |codec: &&'static Codec| codec.is_ascii_compatible() && codec.name() != "UTF-8";
    let spelled = match name {
        "mac-roman" => "macintosh",
        "cp932" | "ms932" | "s-jis" => "shift_jis",
        "cp949" | "uhc" => "euc-kr",
        "cp936" => "gbk",
        "cp950" => "big5",
        _ => name,
    };
    let windows = spelled.strip_prefix("cp").map(|page| format!("windows-{page}"));
    [Some(spelled.to_owned()), windows, Some(spelled.replace('-', "_"))]
        .into_iter()
        .flatten()
        .find_map(|label| Codec::for_label(label.as_bytes()).filter(narrow))
}

fn first_undecodable(codec: &'static Codec, bytes: &[u8]) -> usize {
    let mut decoder = codec.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3);
    let (_, read, _) = decoder.decode_to_utf8_without_replacement(bytes, &mut vec![0; room], true);
    read.saturating_sub(1)
}

/// The encoding named by a coding comment in the first two lines.
fn coding_comment(bytes: &[u8]) -> Option<&str> {
    let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
    let first = lines.next()?;
    if let Some(name) = coding_in_line(first) {
        return Some(name);
    }
    if !is_blank_or_comment(first) {
        return None;
    }
    let crlf = bytes.get(first.len()) == Some(&b'\r') && bytes.get(first.len() + 1) == Some(&b'\n');
    coding_in_line(if crlf { lines.nth(1)? } else { lines.next()? })
}

fn is_blank_or_comment(line: &[u8]) -> bool {
    let rest = line.trim_ascii_start();
    rest.is_empty() || rest.starts_with(b"#")
}

fn coding_in_line(line: &[u8]) -> Option<&str> {
    let comment = line.trim_ascii_start().strip_prefix(b"#")?;
    let at = comment
        .windows(b"coding".len() + 1)
        .position(|window| window.starts_with(b"coding") && matches!(window.last(), Some(b':' | b'=')))?;
    let value = comment[at + b"coding".len() + 1..].trim_ascii_start();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let length = value.iter().position(|byte| !is_name(byte)).unwrap_or(value.len());
    std::str::from_utf8(&value[..length]).ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes).unwrap().text
    }

    #[test]
    fn utf8_is_the_default_and_its_errors_say_where() {
        assert_eq!(text("é = 1\n".as_bytes()), "é = 1\n");
        let error = decode(b"ok = 1\nbad = '\xff'\n").unwrap_err();
        assert_eq!(error.to_string(), "not valid UTF-8 at byte 14");
    }

    #[test]
    fn coding_comments_are_read_from_the_first_two_lines() {
        assert_eq!(text(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n"), "# -*- coding: latin-1 -*-\nx = 'é'\n");
        assert!(
            text(b"#!/usr/bin/python\r\n# vim: set fileencoding=cp1252 :\r\nx='\x80'").ends_with("x='€'")
        );
        assert!(text(b"\n# coding=koi8_r\nx='\xc1'").ends_with("x='а'"));
        assert!(text(b"# coding: euc-jp\nx='\xa4\xa2'").ends_with("x='あ'"));
        assert!(decode(b"x = 1\n# coding: latin-1\ny = '\xe9'").is_err(), "not after code");
        assert!(decode(b"#\n#\n# coding: latin-1\ny = '\xe9'").is_err(), "not in the third line");
    }

    #[test]
    fn what_python_refuses_is_refused() {
        assert_eq!(decode(b"# coding: no-such").unwrap_err(), DecodeError::Unknown("no-such".into()));
        assert_eq!(decode(b"\xff\xfea\0").unwrap_err(), DecodeError::Wide);
        assert_eq!(
            decode(b"\xef\xbb\xbf# coding: latin-1\n").unwrap_err(),
            DecodeError::Contradiction("Latin-1".into())
        );
        assert!(matches!(decode(b"# coding: ascii\n'\xe9'"), Err(DecodeError::Invalid { .. })));
    }

    #[test]
    fn text_goes_back_to_the_same_bytes() {
        let files: [&[u8]; 5] = [
            b"\xef\xbb\xbfx = 1\r\n",
            "x = 'é'".as_bytes(),
            b"# coding: latin-1\n'\xe9'",
            b"# coding: shift_jis\n'\x82\xa0'",
            b"# coding: ascii\nx",
        ];
        for bytes in files {
            let decoded = decode(bytes).unwrap();
            assert_eq!(decoded.encoding.encode(&decoded.text).as_deref(), Some(bytes));
        }
        let ascii = decode(b"# coding: ascii\n").unwrap().encoding;
        assert_eq!(ascii.encode("é"), None);
    }
}
