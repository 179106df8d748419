//! A sweep on a cluster that Slurm divides: a script that makes an array of jobs, a run each.

/// What the script says.
#[derive(Clone, Debug)]
pub struct SlurmScript<'a> {
    /// Name of the array.
    pub name: &'a str,
    /// Number of runs.
    pub runs: usize,
    /// Most runs at a time.
    pub side_by_side: usize,
    /// Cores of a run.
    pub cores: usize,
    /// Folder of the sweep, for logs.
    pub out: &'a str,
    /// The command that makes run `N`, without `--only N`.
    pub command: &'a [String],
}

impl SlurmScript<'_> {
    /// The script, for `sbatch`. It can be submitted again: runs go on where they stopped, and those
    /// that are done end at once.
    pub fn text(&self) -> String {
        let quoted: Vec<String> = self.command.iter().map(|word| quote(word)).collect();
        let out = self.out;
        format!(
            "#!/usr/bin/env bash\n\
             # {runs} runs of {name}; submit it with sbatch, again to go on with what was stopped.\n\
             #SBATCH --job-name={name}\n\
             #SBATCH --array=0-{last}%{most}\n\
             #SBATCH --cpus-per-task={cores}\n\
             #SBATCH --output={out}/slurm-%a.log\n\
             #SBATCH --open-mode=append\n\
             # Two minutes before its time is over a run writes a checkpoint, and stops.\n\
             #SBATCH --signal=INT@120\n\
             set -uo pipefail\n\
             srun {command} --threads {cores} --only \"$SLURM_ARRAY_TASK_ID\"\n\
             status=$?\n\
             # 1: an agent that does not meet its goals, which is a result as well.\n\
             [ \"$status\" -le 1 ]\n",
            name = self.name,
            runs = self.runs,
            last = self.runs.saturating_sub(1),
            most = self.side_by_side.max(1),
            cores = self.cores.max(1),
            command = quoted.join(" "),
        )
    }
}

/// A word as a shell reads it as one.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_this() {
        let command = ["dt-train", "sweep", "my sweep's.ron", "--out", "runs/s"];
        let script = SlurmScript {
            name: "memory-study",
            runs: 21,
            side_by_side: 4,
            cores: 2,
            out: "runs/s",
            command: &command.map(str::to_owned),
        };
        let expected = r#"#!/usr/bin/env bash
# 21 runs of memory-study; submit it with sbatch, again to go on with what was stopped.
#SBATCH --job-name=memory-study
#SBATCH --array=0-20%4
#SBATCH --cpus-per-task=2
#SBATCH --output=runs/s/slurm-%a.log
#SBATCH --open-mode=append
# Two minutes before its time is over a run writes a checkpoint, and stops.
#SBATCH --signal=INT@120
set -uo pipefail
srun dt-train sweep 'my sweep'\''s.ron' --out runs/s --threads 2 --only "$SLURM_ARRAY_TASK_ID"
status=$?
# 1: an agent that does not meet its goals, which is a result as well.
[ "$status" -le 1 ]
"#;
        assert_eq!(script.text(), expected);
    }
}
