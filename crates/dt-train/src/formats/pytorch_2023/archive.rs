//! Where the pickle lies in a `.pt` file.
//!
//! `torch.save` writes a zip archive whose members are stored, not compressed. Only the table of
//! contents is read here, with every number checked against the file's length.

/// Length of an end-of-contents record without its comment.
const END: usize = 22;
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
    let last = file.len().checked_sub(END).ok_or_else(truncated)?;
    // A comment of up to 65,535 bytes may follow the record.
    let end = (last.saturating_sub(usize::from(u16::MAX))..=last)
        .rev()
        .find(|&at| file[at..].starts_with(b"PK\x05\x06"))
        .ok_or_else(truncated)?;
    let count = number(file, end + 10, 2).ok_or_else(truncated)?;
    let mut at = number(file, end + 16, 4).ok_or_else(truncated)?;
    let mut found = None;
    for _ in 0..count {
        let entry = file.get(at..at + ENTRY).ok_or_else(truncated)?;
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
    let local = file.get(header..header + LOCAL).ok_or_else(truncated)?;
    let texts = number(local, 26, 2).zip(number(local, 28, 2));
    let (name, extra) = texts.ok_or_else(truncated)?;
    let start = header + LOCAL + name + extra;
    file.get(start..)
        .and_then(|rest| rest.get(..length))
        .ok_or_else(|| format!("data.pkl claims {length} bytes, more than the file holds"))
}

/// A little-endian number of `width` bytes, at most 4.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b)))
}
