//! What a pickle would do, without doing it.
//!
//! A pickle is a program. The reader we use runs none of it, but it keeps silent about calls that
//! it does not know. Every instruction is therefore looked at first: the globals that a
//! state dict needs are allowed, and any other way to name or make an object is refused.

/// What is wrong with a pickle.
pub(super) type Problem = String;

const STORAGES: [&str; 10] = [
    "FloatStorage",
    "DoubleStorage",
    "HalfStorage",
    "BFloat16Storage",
    "LongStorage",
    "IntStorage",
    "ShortStorage",
    "CharStorage",
    "ByteStorage",
    "BoolStorage",
];

fn is_allowed(module: &str, name: &str) -> bool {
    match module {
        "collections" => name == "OrderedDict",
        "torch._utils" => ["_rebuild_tensor_v2", "_rebuild_parameter"].contains(&name),
        "torch" => STORAGES.contains(&name),
        _ => false,
    }
}

fn refused(module: &str, name: &str) -> Problem {
    format!(
        "asks for `{module}.{name}`, which has no place among weights; nothing of it was run. \
         A file from an unknown source may mean harm"
    )
}

/// Checks every instruction of a pickle.
///
/// # Errors
/// A sentence that names the first thing which is not a tensor, container, string or number.
pub(super) fn check(bytes: &[u8]) -> Result<(), Problem> {
    let mut reader = Reader { bytes, at: 0 };
    // The last two strings: STACK_GLOBAL (protocol 4) takes its names from there.
    let mut strings = [String::new(), String::new()];
    loop {
        let at = reader.at;
        let op = reader.take(1)?[0];
        match op {
            b'.' if reader.at == bytes.len() => return Ok(()),
            b'.' => return Err("has bytes after the end of its pickle".to_owned()),
            b'c' | b'i' => {
                let (module, name) = (reader.line()?, reader.line()?);
                // INST (`i`) also makes the object; nothing that is allowed is made so.
                if op == b'i' || !is_allowed(&module, &name) {
                    return Err(refused(&module, &name));
                }
            }
            0x93 => {
                let [module, name] = &strings;
                if is_allowed(module, name) {
                    return Err(
                        "is a pickle of protocol 4 or later; save it with torch.save's default"
                            .to_owned(),
                    );
                }
                return Err(refused(module, name));
            }
            // Strings: text, and with their length in 1, 4 or 8 bytes.
            b'V' => push(&mut strings, reader.line()?),
            0x8c | b'U' => push(&mut strings, reader.counted(1)?),
            b'X' | b'T' => push(&mut strings, reader.counted(4)?),
            0x8d => push(&mut strings, reader.counted(8)?),
            // Numbers, memo and protocol with arguments of 1, 2, 4 or 8 bytes.
            b'K' | b'h' | b'q' | 0x80 => drop(reader.take(1)?),
            b'M' => drop(reader.take(2)?),
            b'J' | b'j' | b'r' => drop(reader.take(4)?),
            b'G' | 0x95 => drop(reader.take(8)?),
            0x8a => drop(reader.counted(1)?),
            b'I' | b'L' | b'F' | b'g' | b'p' => drop(reader.line()?),
            // None, booleans, containers, the stack, the memo, tensors' storages; REDUCE and
            // BUILD, which can only meet what is allowed above.
            b'N' | 0x88 | 0x89 | b')' | b']' | b'}' | b't' | 0x85 | 0x86 | 0x87 | b'l' | b'a'
            | b'e' | b'd' | b's' | b'u' | b'(' | b'0' | b'1' | b'2' | 0x94 | b'Q' | b'R' | b'b' => {
            }
            _ => {
                return Err(format!(
                    "has instruction 0x{op:02x} at byte {at} of its pickle, which no tensor, \
                     container, string or number needs"
                ));
            }
        }
    }
}

fn push(strings: &mut [String; 2], text: String) {
    strings.swap(0, 1);
    strings[1] = text;
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Problem> {
        let taken = self.bytes[self.at..].get(..count).ok_or_else(|| {
            format!(
                "has a pickle that is cut short: {count} bytes wanted at byte {}, {} are left",
                self.at,
                self.bytes.len() - self.at
            )
        })?;
        self.at += count;
        Ok(taken)
    }

    /// A text whose length is given in `width` bytes.
    fn counted(&mut self, width: usize) -> Result<String, Problem> {
        let length = self.take(width)?;
        let length = length
            .iter()
            .rev()
            .fold(0_u64, |n, &b| n << 8 | u64::from(b));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn line(&mut self) -> Result<String, Problem> {
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|&b| b == b'\n')
            .ok_or("has a pickle that is cut short within a line")?;
        self.at += length + 1;
        Ok(String::from_utf8_lossy(&rest[..length]).into_owned())
    }
}
