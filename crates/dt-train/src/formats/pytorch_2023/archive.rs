//! Where the pickle lies in a `.pt` file.
//!
//! `torch.save` writes a zip archive whose members are stored, not compressed. Only the table of
//! contents is read here, with every number checked against the file's length.

/// Length of an end-of-contents record without its comment.
const END: usize = 22;
/// Length of the record and the locator that torch.save writes before it, for archives of any size.
const LARGE: usize = 56 + 20;
/// Largest pickle that is looked at: that of a thousand tensors has a third of it.
const MAX_PICKLE: usize = 1 << 20;
/// Length of an entry of the table of contents without its texts.
const ENTRY: usize = 46;
/// Length of a member's own header without its texts.
const LOCAL: usize = 30;

/// The bytes of `data.pkl`.
///
/// # Errors
/// A sentence on what is wrong with the archive.
pub(super) fn pickle_of(file: &[u8]) -> Result<&[u8], String> {
    if !file.starts_with(b"PK\x03\x04") {
        return Err(
            "is no file of torch.save (a zip archive since PyTorch 1.6); load it in Python and \
             save it again"
                .to_owned(),
        );
    }
    let truncated = || "is cut short: its table of contents is missing or damaged".to_owned();
    // Readers search for the last record and some shift all places if bytes come before the archive.
    // A file in which all of them must find the same thing has its record at the very end, right
    // after its table of contents.
    let end = file.len().checked_sub(END).ok_or_else(truncated)?;
    if !file[end..].starts_with(b"PK\x05\x06") || number(file, end + 20, 2) != Some(0) {
        return Err(truncated());
    }
    let count = number(file, end + 10, 2).ok_or_else(truncated)?;
    let size = number(file, end + 12, 4).ok_or_else(truncated)?;
    let mut at = number(file, end + 16, 4).ok_or_else(truncated)?;
    let table_end = at.saturating_add(size);
    let is_followed = match end.checked_sub(table_end) {
        Some(0) => true,
        Some(LARGE) => is_large_record(&file[table_end..end], [count, count, size, at]),
        _ => false,
    };
    if !is_followed {
        return Err(truncated());
    }
    let mut found = None;
    for _ in 0..count {
        let entry = file
            .get(at..at.saturating_add(ENTRY))
            .ok_or_else(truncated)?;
        if !entry.starts_with(b"PK\x01\x02") {
            return Err(truncated());
        }
        let field = |offset, width| number(entry, offset, width).expect("within the entry");
        let name_len = field(28, 2);
        let name = file
            .get(at + ENTRY..at + ENTRY + name_len)
            .ok_or_else(truncated)?;
        if field(10, 2) != 0 || field(20, 4) != field(24, 4) {
            return Err(format!(
                "member `{}` is compressed, which torch.save never does",
                String::from_utf8_lossy(name)
            ));
        }
        if name == b"data.pkl" || name.ends_with(b"/data.pkl") {
            // Two would leave open which one a reader takes.
            if found.is_some() {
                return Err("holds more than one data.pkl".to_owned());
            }
            found = Some((field(42, 4), field(24, 4)));
        }
        at += ENTRY + name_len + field(30, 2) + field(32, 2);
    }
    let (header, length) = found.ok_or("holds no data.pkl, as files of torch.save do")?;
    if length > MAX_PICKLE {
        return Err(format!(
            "data.pkl has {length} bytes, more than names and places of tensors need ({MAX_PICKLE})"
        ));
    }
    let local = file
        .get(header..header.saturating_add(LOCAL))
        .ok_or_else(truncated)?;
    let texts = number(local, 26, 2).zip(number(local, 28, 2));
    let (name, extra) = texts.ok_or_else(truncated)?;
    let start = header + LOCAL + name + extra;
    file.get(start..)
        .and_then(|rest| rest.get(..length))
        .ok_or_else(|| format!("data.pkl claims {length} bytes, more than the file holds"))
}

/// Whether a record for large archives and its locator say the same as the record at the end.
fn is_large_record(bytes: &[u8], said: [usize; 4]) -> bool {
    let field = |offset: usize| {
        let bytes = bytes[offset..offset + 8].first_chunk::<8>();
        bytes.and_then(|b| usize::try_from(u64::from_le_bytes(*b)).ok())
    };
    let [.., size, at] = said;
    bytes.starts_with(b"PK\x06\x06")
        && bytes[56..].starts_with(b"PK\x06\x07")
        && [24, 32, 40, 48].map(field) == said.map(Some)
        && field(64) == at.checked_add(size)
}

/// A little-endian number of `width` bytes, at most 4.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b)))
}
