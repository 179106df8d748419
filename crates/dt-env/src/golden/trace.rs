//! The trace format: one recorded episode as a JSON object.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::GoldenError;
use crate::core::rng::Pcg64;

/// Longest line that is read; the longest recorded episode has under 4 MB. What is made of a line
/// takes up to sixteen times as much memory, until it has been checked.
const MAX_LINE: u64 = 16 << 20;
/// Most that a file may unpack to; the largest recorded one has under 10 MB.
const MAX_FILE: u64 = 64 << 20;
/// Most cells that the steps of a file may have to be compared in, step by step; those of the largest
/// recorded one are a twentieth.
const MAX_CELLS: usize = 50_000_000;

/// State of numpy's generator as traces hold it.
#[derive(Clone, Debug, Deserialize)]
pub struct RngState {
    /// 128-bit state, hexadecimal.
    pub state: String,
    /// 128-bit increment, hexadecimal.
    pub inc: String,
    /// Whether half a draw is buffered (0 or 1).
    pub has_uint32: u8,
    /// The buffered half.
    pub uinteger: u32,
}

impl RngState {
    /// The generator in this state.
    ///
    /// # Errors
    /// If a number is not hexadecimal or too long.
    pub fn to_rng(&self) -> Result<Pcg64, String> {
        let hex = |name: &str, text: &str| match text.len() {
            1..=32 if text.bytes().all(|b| b.is_ascii_hexdigit()) => {
                u128::from_str_radix(text, 16).map_err(|e| format!("rng.{name}: {e}"))
            }
            _ => Err(format!("rng.{name}: is not up to 32 hexadecimal digits")),
        };
        Ok(Pcg64::from_state(
            hex("state", &self.state)?,
            hex("inc", &self.inc)?,
            self.has_uint32 != 0,
            self.uinteger,
        ))
    }
}

/// Hidden state of a task that the cells do not show.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TaskState {
    /// Memory: cell that means success.
    pub success_pos: Option<[u8; 2]>,
    /// Memory: cell that means failure.
    pub failure_pos: Option<[u8; 2]>,
    /// Dynamic obstacles: cells of the balls, in order of moving.
    pub obstacles: Option<Vec<[u8; 2]>>,
    /// Object to pick up, as MiniGrid's three bytes.
    pub obj: Option<Vec<serde_json::Value>>,
    /// Boxes: x, y, what is inside.
    #[serde(default)]
    pub boxes: Vec<(u8, u8, Option<[u8; 3]>)>,
}

/// Options given to the environment.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Kwargs {
    /// Side of the view.
    pub agent_view_size: Option<u8>,
    /// Step limit.
    pub max_steps: Option<u32>,
    /// Whether walls hide nothing.
    pub see_through_walls: Option<bool>,
}

/// One recorded episode. Field names are those of the file.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs, non_snake_case)] // named and explained by the format
pub struct Trace {
    pub env: String,
    #[serde(default)]
    pub kwargs: Kwargs,
    pub seed: Box<RawValue>,
    pub resets: u32,
    pub w: usize,
    pub h: usize,
    pub view: usize,
    pub see_through_walls: bool,
    pub max_steps: u32,
    pub grid: String,
    pub agent_pos: [u8; 2],
    pub agent_dir: u8,
    #[serde(default)]
    pub task: TaskState,
    pub rng: RngState,
    pub obs0: String,
    pub actions: Vec<u8>,
    pub reward: Vec<f64>,
    pub term: Vec<u8>,
    pub trunc: Vec<u8>,
    pub obs: String,
    pub pose: Vec<[u8; 3]>,
    pub carry: Vec<Option<[u8; 3]>>,
    pub delta: Vec<Vec<[u8; 5]>>,
    pub grid_end: String,
    pub rng_end: RngState,
    #[serde(default)]
    pub obstacles_end: Option<Vec<[u8; 2]>>,
}

impl Trace {
    /// Checks sizes, so that a replay never reads past an end.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub fn check(&self) -> Result<(), String> {
        let steps = self.actions.len();
        let view = self.view;
        if view < 3 || view.is_multiple_of(2) || self.w == 0 || self.h == 0 {
            return Err(format!(
                "impossible sizes: w {}, h {}, view {view}",
                self.w, self.h
            ));
        }
        if self.w.max(self.h).saturating_add(view) > crate::core::grid::MAX_REACH {
            return Err(format!(
                "world too large: w {}, h {}, view {view}",
                self.w, self.h
            ));
        }
        if self.max_steps == 0 || self.resets == 0 || self.resets > 10_000 {
            return Err("max_steps and resets must be positive".to_owned());
        }
        let cells = self.w * self.h * 3 * 2;
        let observation = view * view * 3 * 2;
        for (name, length, expected) in [
            ("grid", self.grid.len(), cells),
            ("grid_end", self.grid_end.len(), cells),
            ("obs0", self.obs0.len(), observation),
            ("obs", self.obs.len(), observation * steps),
            ("reward", self.reward.len(), steps),
            ("term", self.term.len(), steps),
            ("trunc", self.trunc.len(), steps),
            ("pose", self.pose.len(), steps),
            ("carry", self.carry.len(), steps),
            ("delta", self.delta.len(), steps),
        ] {
            if length != expected {
                return Err(format!(
                    "field `{name}`: length {length}, expected {expected}"
                ));
            }
        }
        let inside = |[x, y]: [u8; 2]| (x as usize) < self.w && (y as usize) < self.h;
        if !inside(self.agent_pos) || self.agent_dir > 3 {
            return Err("field `agent_pos` or `agent_dir`: outside the world".to_owned());
        }
        self.rng.to_rng()?;
        self.rng_end.to_rng()?;
        let task = &self.task;
        let listed = task.obstacles.iter().flatten().copied();
        let boxes = task.boxes.iter().map(|b| [b.0, b.1]);
        if !listed.chain(boxes).all(inside) {
            return Err("field `task`: a cell lies outside the world".to_owned());
        }
        Ok(())
    }

    /// The seed as little-endian 32-bit digits.
    pub(super) fn seed_words(&self) -> Result<Vec<u32>, String> {
        let text = self.seed.get().trim_matches('"');
        crate::core::rng::decimal_to_words(text).ok_or_else(|| format!("field `seed`: {text}"))
    }
}

/// Bytes of a hexadecimal string.
///
/// # Errors
/// If it is not one.
pub(super) fn unhex(name: &str, text: &str) -> Result<Vec<u8>, String> {
    let digit = |c: u8| (c as char).to_digit(16);
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [a, b] => Some((digit(*a)? << 4 | digit(*b)?) as u8),
            _ => None,
        })
        .collect::<Option<Vec<u8>>>()
        .ok_or_else(|| format!("field `{name}`: not hexadecimal"))
}

/// Reads every episode of a gzipped stream; `path` only names it in errors.
///
/// # Errors
/// As of [`each_trace`].
pub fn read_traces(path: &Path, gzipped: impl Read) -> Result<Vec<Trace>, GoldenError> {
    parse_traces(path, unpacked(gzipped))
}

/// A gzipped stream as its content.
pub(super) fn unpacked(gzipped: impl Read) -> impl Read {
    MultiGzDecoder::new(BufReader::new(gzipped))
}

/// Reads every episode of an uncompressed stream; `path` only names it in errors.
///
/// # Errors
/// As of [`each_trace`].
pub fn parse_traces(path: &Path, stream: impl Read) -> Result<Vec<Trace>, GoldenError> {
    let mut traces = Vec::new();
    each_trace(path, stream, |trace| {
        traces.push(trace);
        Ok(())
    })?;
    Ok(traces)
}

/// Reads an uncompressed stream episode by episode; each is checked ([`Trace::check`]) and given to
/// `visit` before the next is read. `path` only names the stream in errors.
///
/// # Errors
/// If the stream fails, is longer than any that was recorded, or a line is not a trace; or the
/// sentence of `visit`, with the line.
pub fn each_trace(
    path: &Path,
    stream: impl Read,
    mut visit: impl FnMut(Trace) -> Result<(), String>,
) -> Result<(), GoldenError> {
    let malformed = |line: usize, message: String| GoldenError::Malformed {
        path: path.to_owned(),
        line,
        message,
    };
    let mut stream = BufReader::new(stream.take(MAX_FILE + 1));
    let (mut total, mut cells) = (0, 0_usize);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = (&mut stream)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|e| malformed(number, e.to_string()))?;
        if read == 0 && number == 1 {
            return Err(malformed(0, "holds no episode".to_owned()));
        }
        if read == 0 {
            break;
        }
        total += read as u64;
        if read as u64 == MAX_LINE || total > MAX_FILE {
            let message = format!("longer than {MAX_LINE} bytes, or the file than {MAX_FILE}");
            return Err(malformed(number, message));
        }
        let trace: Trace =
            serde_json::from_slice(&line).map_err(|e| malformed(number, e.to_string()))?;
        trace
            .check()
            .map_err(|message| malformed(number, message))?;
        cells = cells.saturating_add(trace.actions.len() * trace.w * trace.h);
        if cells > MAX_CELLS {
            let message = "far more steps than any recorded file has".to_owned();
            return Err(malformed(number, message));
        }
        visit(trace).map_err(|message| malformed(number, message))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// Eight lines of nearly nothing, two megabytes packed, were gigabytes in memory.
    #[test]
    fn lines_are_checked_one_by_one() {
        let mut line = b"{\"env\":\"x\",\"seed\":0,\"resets\":1,\"w\":3,\"h\":3,\"view\":3,\
            \"see_through_walls\":false,\"max_steps\":9,\"grid\":\"\",\"agent_pos\":[0,0],\
            \"agent_dir\":0,\"rng\":{\"state\":\"0\",\"inc\":\"0\",\"has_uint32\":0,\"uinteger\":0},\
            \"obs0\":\"\",\"actions\":[],\"reward\":[],\"term\":[],\"trunc\":[],\"obs\":\"\",\
            \"pose\":[],\"carry\":[],\"grid_end\":\"\",\
            \"rng_end\":{\"state\":\"0\",\"inc\":\"0\",\"has_uint32\":0,\"uinteger\":0},\
            \"delta\":["
            .to_vec();
        line.extend(b"[],".repeat(1 << 20));
        line.extend(b"[]]}\n");
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        for _ in 0..4 {
            packed.write_all(&line).unwrap();
        }
        let packed = packed.finish().unwrap();
        let mut visited = 0;
        let error = each_trace(Path::new("t"), unpacked(&packed[..]), |_| {
            visited += 1;
            Ok(())
        });
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("t: line 1: field `grid`"), "{error}");
        assert_eq!(visited, 0);
        let long = std::io::repeat(b'[');
        let error = parse_traces(Path::new("t"), long).unwrap_err().to_string();
        assert!(error.contains("longer than"), "{error}");
    }
}
