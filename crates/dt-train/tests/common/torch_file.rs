//! Files as `torch.save` writes them, sound ones and others.

use dt_train::model::{LayerNorm, ModelConfig, WorldSizes, param_specs};

/// A tensor of a state dict, and what the file claims about it.
#[derive(Clone)]
pub struct Entry {
    pub name: String,
    pub shape: Vec<u32>,
    pub stride: Vec<u32>,
    pub offset: u32,
    /// Elements that its storage is said to have.
    pub declared: u32,
    pub values: Vec<f32>,
    /// Whether they are written in 16 bits.
    pub half: bool,
    /// Place in the list of the tensor whose storage it shares.
    pub shares: Option<usize>,
}

impl Entry {
    pub fn new(name: &str, shape: &[usize], values: Vec<f32>) -> Self {
        let mut stride = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            stride[axis - 1] = stride[axis] * shape[axis] as u32;
        }
        Self {
            name: name.to_owned(),
            shape: shape.iter().map(|&n| n as u32).collect(),
            stride,
            offset: 0,
            declared: values.len() as u32,
            values,
            half: false,
            shares: None,
        }
    }
}

/// What a file holds beside its tensors.
#[derive(Clone)]
pub struct Configs {
    pub offline: String,
    pub environment: String,
    pub model: String,
}

impl Default for Configs {
    fn default() -> Self {
        Self {
            offline: r#"{"model_type": "decision_transformer", "lr": 0.001}"#.to_owned(),
            environment: r#"{"env_id": "Tiny-v0", "max_steps": 5, "view_size": 3}"#.to_owned(),
            model: r#"{"n_layers": 1, "n_heads": 2, "d_model": 4, "d_mlp": 3, "n_ctx": 5,
                "layer_norm": null, "activation_fn": "gelu", "state_embedding_type": "grid",
                "time_embedding_type": "embedding"}"#
                .to_owned(),
        }
    }
}

impl Configs {
    /// Of an agent of [`tiny_of`].
    pub fn of(n_layers: usize, d_mlp: usize, view_size: usize, env_id: &str) -> Self {
        let tiny = Self::default();
        let layers = format!("\"n_layers\": {n_layers}");
        let mlp = format!("\"d_mlp\": {d_mlp}");
        let view = format!("\"view_size\": {view_size}");
        Self {
            model: tiny
                .model
                .replace("\"n_layers\": 1", &layers)
                .replace("\"d_mlp\": 3", &mlp),
            environment: tiny
                .environment
                .replace("Tiny-v0", env_id)
                .replace("\"view_size\": 3", &view),
            ..tiny
        }
    }
}

/// The tensors of a tiny agent, parameters first, then what an import leaves out.
pub fn tiny() -> Vec<Entry> {
    tiny_of(1, 3, 3, 7)
}

/// The same with other sizes; [`Configs::of`] has the configurations.
pub fn tiny_of(n_layers: usize, d_mlp: usize, view_size: usize, n_actions: usize) -> Vec<Entry> {
    let config = ModelConfig {
        n_layers,
        n_heads: 2,
        d_model: 4,
        d_mlp,
        n_ctx: 5,
        layer_norm: LayerNorm::Off,
        ..ModelConfig::default()
    };
    let sizes = WorldSizes {
        view_size,
        max_steps: 5,
        n_actions,
    };
    let (specs, _) = param_specs(&config, &sizes);
    let mut entries: Vec<Entry> = specs
        .iter()
        .enumerate()
        .map(|(n, spec)| {
            let values = (0..spec.len()).map(|i| (n + i) as f32 / 64.0).collect();
            Entry::new(&spec.name, &spec.disk_shape, values)
        })
        .collect();
    entries.push(Entry::new("state_predictor.bias", &[2], vec![0.5; 2]));
    let buffer = "transformer.blocks.0.attn.IGNORE";
    entries.push(Entry::new(buffer, &[], vec![-1e5]));
    entries
}

/// The whole file.
pub fn torch_file(entries: &[Entry], configs: &Configs) -> Vec<u8> {
    let mut pickle = b"\x80\x02}(".to_vec();
    text(&mut pickle, "model_state_dict");
    pickle.extend(b"ccollections\nOrderedDict\n)R(");
    for (key, entry) in entries.iter().enumerate() {
        text(&mut pickle, &entry.name);
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut pickle, "storage");
        let kind: &[u8] = match entry.half {
            false => b"ctorch\nFloatStorage\n",
            true => b"ctorch\nHalfStorage\n",
        };
        pickle.extend(kind);
        text(&mut pickle, &entry.shares.unwrap_or(key).to_string());
        text(&mut pickle, "cpu");
        number(&mut pickle, entry.declared);
        pickle.extend(b"tQ");
        number(&mut pickle, entry.offset);
        for list in [&entry.shape, &entry.stride] {
            pickle.push(b'(');
            for &n in list {
                number(&mut pickle, n);
            }
            pickle.push(b't');
        }
        pickle.extend(b"\x89ccollections\nOrderedDict\n)RtR");
    }
    pickle.push(b'u');
    for (key, config) in [
        ("offline_config", &configs.offline),
        ("environment_config", &configs.environment),
        ("model_config", &configs.model),
    ] {
        text(&mut pickle, key);
        text(&mut pickle, config);
    }
    pickle.extend(b"u.");
    let mut members = vec![Member::new("a/data.pkl", pickle)];
    for (key, entry) in entries.iter().enumerate() {
        let values = entry.values.iter();
        let bytes = match entry.half {
            _ if entry.shares.is_some() => continue,
            false => values.flat_map(|v| v.to_le_bytes()).collect(),
            true => values
                .flat_map(|&v| half::f16::from_f32(v).to_le_bytes())
                .collect(),
        };
        members.push(Member::new(&format!("a/data/{key}"), bytes));
    }
    archive(&members)
}

fn text(pickle: &mut Vec<u8>, text: &str) {
    pickle.push(b'X');
    pickle.extend((text.len() as u32).to_le_bytes());
    pickle.extend(text.as_bytes());
}

/// As an eight-byte LONG1, which no sign bothers.
fn number(pickle: &mut Vec<u8>, n: u32) {
    pickle.extend([0x8a, 8]);
    pickle.extend(u64::from(n).to_le_bytes());
}

/// One member of an archive, and what the archive claims about it.
pub struct Member {
    pub name: String,
    pub bytes: Vec<u8>,
    /// Its size, as claimed.
    pub claimed: u32,
    /// 0: stored, 8: deflated.
    pub method: u8,
}

impl Member {
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            claimed: bytes.len() as u32,
            method: 0,
            bytes,
        }
    }
}

/// A zip archive; checksums are 0, which says that there are none.
pub fn archive(members: &[Member]) -> Vec<u8> {
    let (mut out, mut table) = (Vec::new(), Vec::new());
    for member in members {
        let header_at = out.len() as u32;
        let mut common = vec![20, 0, 0, 0, member.method, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend((member.bytes.len() as u32).to_le_bytes());
        common.extend(member.claimed.to_le_bytes());
        if member.method == 0 {
            let at = common.len() - 8;
            common.copy_within(at + 4.., at);
        }
        common.extend((member.name.len() as u16).to_le_bytes());
        common.extend([0; 2]); // no extra field
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(member.name.as_bytes());
        out.extend(&member.bytes);
        table.extend(b"PK\x01\x02\x14\0");
        table.extend(&common);
        table.extend([0; 10]); // no comment, one disk, no attributes
        table.extend(header_at.to_le_bytes());
        table.extend(member.name.as_bytes());
    }
    let table_at = out.len() as u32;
    out.extend(&table);
    out.extend(b"PK\x05\x06\0\0\0\0");
    let count = (members.len() as u16).to_le_bytes();
    out.extend([count, count].concat());
    out.extend((table.len() as u32).to_le_bytes());
    out.extend(table_at.to_le_bytes());
    out.extend([0; 2]); // no comment
    out
}
