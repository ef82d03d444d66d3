"""The table of error codes: what each one means, and the shortest text that has it.

Codes stay: an old message can be looked up. What is wrong in one place is said by the diagnostic.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """One kind of mistake.

    Attributes:
        title: In a few words.
        explanation: Why it is one, and what there is instead.
        example: Text of a spec that has it, called `spec.nas`; "" if no text alone can have it.
    """

    title: str
    explanation: str
    example: str = ""


CODES: dict[str, Code] = {
    # ---- files and the command line --------------------------------------------------------------
    "NAS001": Code(
        "file cannot be read",
        "A spec is missing, is a folder, or may not be read. Paths are relative to the folder "
        "that the command runs in; paths in `use` are relative to the file that uses them.",
    ),
    "NAS002": Code(
        "file is not UTF-8",
        "Specs are UTF-8 text. The byte in the message is the first that is not.",
    ),
    "NAS003": Code(
        "file is too large",
        "A spec fits on a screen; limits keep a wrong or hostile file from taking the machine's "
        "time. Large specs can be divided with `use`.",
    ),
    "NAS011": Code(
        "wrong `--set`",
        "`--set PATH=VALUE` takes the path of a section's setting (`search.epochs`), of a "
        "section's name (`search`), of a cell's setting (`cell.normal.nodes`) or of a constant "
        "(`let.K`), and a value as the text of a spec would give it.",
    ),
    "NAS012": Code(
        "device is not available",
        "`--device` names a device that this machine does not have.",
    ),
    "NAS013": Code(
        "nothing can be compiled here",
        "`--compile` needs what torch.compile needs: a C++ compiler and the header files of Python "
        "on a CPU, Triton and a C compiler on a GPU.",
    ),
    "NAS021": Code(
        "output cannot be written",
        "The folder or file of a result cannot be written to: it may be read-only, or the disk "
        "full.",
    ),
    "NAS022": Code(
        "folder is not empty",
        "A run writes into a folder of its own, so that results of two runs never mix.",
    ),
    "NAS023": Code(
        "not a run folder",
        "What a search writes, and what can be exported again, is a folder with a readable "
        "manifest.",
    ),
    "NAS024": Code(
        "run cannot be exported",
        "The run is not trained yet, or its weights are missing, damaged, or belong to another "
        "architecture than the one beside them.",
    ),
    "NAS025": Code(
        "runs cannot be compared",
        "`--repeats` compares finished runs of one spec on one device, each with its own seed. A "
        "folder that holds another run is left alone.",
    ),
    "NAS026": Code(
        "run cannot be resumed",
        "`--resume` goes on with a run of the same spec, settings, method, seed and device, from "
        "the checkpoint that was written after the last whole epoch of its training.",
    ),
    "NAS027": Code(
        "file of a run is damaged",
        "Manifest, metrics, summary, vocabulary and checkpoint are read by a schema, which `dslnas "
        "schema` prints. A file that does not fit it was changed or cut short; nothing is written "
        "over.",
    ),
    # ---- syntax ----------------------------------------------------------------------------------
    "NAS101": Code(
        "invalid character",
        "The language is written in ASCII: names of letters, digits and `_`, strings in double "
        "quotes, `->` between layers. Other characters stand in comments and strings only.",
        "let s = 'a'\n",
    ),
    "NAS102": Code(
        "string is not closed",
        'A string starts and ends with `"` on one line.',
        'use "cells.nas\n',
    ),
    "NAS103": Code(
        "invalid number",
        "Numbers look like `3`, `0.025`, `3e-4`, `50%`, `4M` or `5ms`; `K`, `M` and `G` stand for "
        "thousands, millions and billions, and times are written in `s`, `ms` or `us`.",
        "let k = 16px\n",
    ),
    "NAS104": Code(
        "unexpected word or sign",
        "The text does not continue as the grammar wants at this place. A statement ends with "
        "its line, unless the line ends with a comma or an operator, or a bracket is open.",
        "let k =\n",
    ),
    "NAS105": Code(
        "unbalanced bracket",
        "A bracket is opened and never closed, or closed and never opened.",
        "cell normal {\n    nodes  4\n",
    ),
    "NAS106": Code(
        "word of the language used as a name",
        "The words that start statements, and `like`, `node` and `when`, cannot be names.",
        "let data = 3\n",
    ),
    "NAS107": Code(
        "number is too large",
        "Numbers, and results of arithmetic, are at most 1e15.",
        "let k = 1e300\n",
    ),
    "NAS108": Code(
        "nested too deep",
        "Expressions, sums, operations and sets may be nested to a limit only, so that no text "
        "can exhaust the program's stack.",
        f"let k = {' + '.join(['1'] * 101)}\n",
    ),
    # ---- names and arguments ---------------------------------------------------------------------
    "NAS201": Code(
        "unknown name",
        "Nothing of this name is defined: operation, set, gate, cell, source, node, value, "
        "quantity or file. Operations of the library come with `use std.cnn`.",
        "use papers.darts\ncell normal { choose sep_con(3) }\n",
    ),
    "NAS202": Code(
        "path leads out of the folder",
        "A spec uses only specs in its own folder or below, so that a folder holds all of it. "
        "Data may lie anywhere.",
        'use "../cells.nas"\n',
    ),
    "NAS203": Code(
        "unknown constant",
        "Arithmetic may use constants of `let`; in operations also their parameters, `C`, `C_in` "
        "and `stride`; in the network `C`, `C_in`, `classes` and `N`.",
        "use papers.darts\nlet k = width\n",
    ),
    "NAS204": Code(
        "defined twice",
        "Operations, sets, gates, constants, cells, values and nodes are defined once; primitives "
        "and names with a meaning of their own cannot be defined at all. Cells and sections of a "
        "used file may be given again: settings then override one by one.",
        "use papers.darts\nop sep_conv = relu\n",
    ),
    "NAS205": Code(
        "files use each other in a circle",
        "A file can use only files that do not use it themselves, and not too many.",
        'use "spec.nas"\n',
    ),
    "NAS206": Code(
        "defined by itself",
        "A constant, operation, set or cell (`like`) is defined by others, and these by it.",
        "use papers.darts\nlet a = b\nlet b = a\n",
    ),
    "NAS207": Code(
        "unknown kind of value",
        "Optimisers, schedules and augmentations are written as calls, such as `sgd(lr = "
        "cosine(0.025))`.",
        "use papers.darts\nsearch darts { weights sdg(lr = 0.1) }\n",
    ),
    "NAS208": Code(
        "wrong arguments",
        "A call gives too many arguments, one twice, one of an unknown name, or lacks one "
        "without a default. Joins such as `add` take branches instead.",
        "use papers.darts\nop block = conv(3, size = 5)\n",
    ),
    "NAS209": Code(
        "wrong condition of a variant",
        "A variant holds `when stride 2`, `when derived` (in the network that is trained at the "
        "end) or `when searching`.",
        "use papers.darts\nop skip = identity | when strided: conv(1)\n",
    ),
    # ---- cells and networks ----------------------------------------------------------------------
    "NAS301": Code(
        "nodes form a cycle",
        "A cell is a directed graph without cycles: nodes and values read inputs, states, and "
        "what does not depend on them.",
        "use papers.darts\ncell normal { node a = skip_connect(in1) + skip_connect(a) }\n",
    ),
    "NAS302": Code(
        "useless part",
        "A cell that the network never uses, a node or value that does not reach the output of its "
        "cell, or a state that it does not read, is most likely a mistake.",
        "use papers.darts\ncell spare { nodes 1; choose skip_connect }\n",
    ),
    "NAS303": Code(
        "network is incomplete",
        "A network has a stem, at least one cell and a head. `use std.cnn` brings stem and head, "
        "a paper's file the cells as well.",
        "network { repeat 2 }\n",
    ),
    "NAS304": Code(
        "not an operation",
        "Here stands an operation: a name, a call, layers joined with `->`, or a number of times "
        "an operation. The terms of a node are operations on a source.",
        "use papers.darts\ncell normal { node a = sep_conv(3) }\n",
    ),
    "NAS305": Code(
        "cell has no nodes",
        "A cell either says how many nodes choose from which operations, or spells its nodes out. "
        "One that only computes values says which of them it gives.",
        "use std.cnn\ncell normal { nodes 2 }\nnetwork { cells normal }\n",
    ),
    "NAS306": Code(
        "nothing to choose",
        "No operation is left in a set, or all of them are zero where a derived cell may not "
        "have zeros.",
        "use papers.darts\ncell normal { choose darts - darts }\n",
    ),
    "NAS307": Code(
        "difference takes away what is not there",
        "An operation that is taken from a set is not in it.",
        "use papers.darts\ncell normal { choose darts - sep_conv(7) }\n",
    ),
    "NAS308": Code(
        "operation is listed twice",
        "An operation counts once in a set. Use `+` to join sets that may overlap.",
        "use papers.darts\ncell normal { choose skip_connect, skip_connect }\n",
    ),
    "NAS309": Code(
        "nothing to search",
        "Every choice of the spec is made: it is an architecture, which can be trained and "
        "exported, and goes without a `search`.",
    ),
    "NAS310": Code(
        "choices are left",
        "Only an architecture can be exported. A search makes the choices.",
    ),
    "NAS311": Code(
        "not a value",
        "A value of a cell or gate is a name, an operation applied to a value as in `tanh(x)` or "
        "`linear(2 * C)(x)`, values joined by `concat`, `add`, `multiply`, `mean` or `+ - *`, or, "
        "in a cell, a gate applied to its arguments. There is nothing to choose in it.",
        "use papers.darts_rnn\ncell recurrent { first tanh(2) }\n",
    ),
    "NAS312": Code(
        "gate is incomplete",
        "A gate names the operation of an edge and what the edge reads, and says what it gives: "
        "`gate g(f, state) { output state + f(state) }`. Further parameters have defaults if it "
        "stands around edges.",
        "use papers.darts_rnn\ngate g(f) { output f(f) }\n",
    ),
    "NAS313": Code(
        "states without a next value",
        "A recurrent cell says what its states are after the step: `next` gives a value for each "
        "of `states`. Only where there is one state it may be left out: then it is the output.",
        "use papers.darts_rnn\ncell recurrent { states h, c }\n",
    ),
    "NAS314": Code(
        "recurrent cells do not go with the rest",
        "Cells with `states` read text, token after token, and text is read by such cells only. "
        "They have no size to be strided, no images to be searched in part, and stand in no "
        "network with others.",
        "use papers.darts_rnn\ndata digits\n",
    ),
    "NAS315": Code(
        "nothing connected to derive",
        "An architecture is derived only if its output depends on what it reads: on one of a "
        "cell's inputs, on every input and state of a recurrent cell, and on every input of a "
        "network that has several. Operations that give zeros cut a path.",
        "use papers.darts\n"
        "cell normal {\n"
        "    node a = {skip_connect, sep_conv(3)}(in1)\n"
        "    node b = none(a)\n"
        "    output concat(b)\n"
        "}\n",
    ),
    # ---- shapes ----------------------------------------------------------------------------------
    "NAS401": Code(
        "layer cannot read its input",
        "A layer does not fit the shape it reads: a window larger than the image, groups that do "
        "not divide the channels, branches of different sizes.",
        "use papers.darts\n"
        "op wide = conv(99, padding = 0)\n"
        "cell normal { choose wide, skip_connect }\n",
    ),
    "NAS402": Code(
        "operation cannot be strided",
        "The edges from the inputs of a cell with a stride reduce the size, but no layer of the "
        "operation can take the stride.",
        "use papers.darts\ncell reduction { choose tanh, sep_conv(3) }\n",
    ),
    "NAS403": Code(
        "operation has too many layers",
        "Repetitions inside of repetitions make an operation of more layers than can be sensible.",
        "use papers.darts\n"
        "op many = 1000 * (11 * relu)\n"
        "cell normal { choose many, skip_connect }\n",
    ),
    "NAS404": Code(
        "operation gives another shape",
        "All operations of an edge give the same shape: C channels, and a size reduced by the "
        "stride of the cell only.",
        "use papers.darts\n"
        "op half = conv(3, out = C / 2)\n"
        "cell normal { choose half, skip_connect }\n",
    ),
    "NAS405": Code(
        "network does not fit the data",
        "The head gives one number per class, and `input` and `classes`, if they are given, are "
        "those of the data.",
        "use papers.darts\nnetwork { head global_avg_pool -> linear(7) }\n",
    ),
    "NAS406": Code(
        "shape of the data is not known",
        "Data from files without a path have no known shape; the network can say it with `input` "
        "and `classes`.",
    ),
    "NAS407": Code(
        "auxiliary head has no place",
        "The auxiliary head stands behind the last cell that reduces the size; a network without "
        "such a cell has no place for it.",
        "use std.cnn\n"
        "cell one { inputs 1; preprocess preprocess; node n1 = sep_conv(3)(in1) }\n"
        "network { cells one }\nevaluate { auxiliary 0.4 }\n",
    ),
    "NAS408": Code(
        "network does not fit into memory",
        "Weights, gradients and momentum take more than the machine has, or with the activations "
        "of a batch more than the machine, its container or the GPU has. `dslnas estimate` says "
        "how much; `accumulate` runs a batch in parts that need less.",
    ),
    "NAS409": Code(
        "channels cannot be searched in part",
        "PC-DARTS sends one channel of `partial` through the operations of an edge and the others "
        "past them, so `partial` divides the channels of every searched cell, and its edges read "
        "as many channels as they give.",
        "use papers.darts\nsearch pc_darts { partial 3 }\n",
    ),
    "NAS410": Code(
        "network is too large",
        "The graph of a network, with every operation of every edge, has at most 300,000 nodes: "
        "layers, sums and choices. Larger ones would take minutes, and much memory, before "
        "anything is trained.",
        "use papers.darts_rnn\nop long = 1000 * tanh\n"
        "cell recurrent { nodes 64; choose long, relu }\n",
    ),
    # ---- settings --------------------------------------------------------------------------------
    "NAS501": Code(
        "unknown setting",
        "The section has no such setting. `dslnas show --defaults` lists all of them with their "
        "defaults.",
        "use papers.darts\nsearch darts { epoch 5 }\n",
    ),
    "NAS502": Code(
        "value is of the wrong type or out of range",
        "The message says what the setting takes.",
        "use papers.darts\nsearch darts { epochs 0 }\n",
    ),
    "NAS503": Code(
        "arithmetic has no result",
        "Something that is not a number stands in arithmetic, or a number is divided by zero.",
        "use papers.darts\nlet k = 1 / 0\n",
    ),
    "NAS504": Code(
        "setting is given twice or does not go with others",
        "Each setting is given once per block, each bound of a comparison once per setting; nodes "
        "that are spelt out replace `nodes` and `choose`.",
        "use papers.darts\nsearch darts { epochs 5; epochs 6 }\n",
    ),
    "NAS505": Code(
        "wrong name of a section",
        "`search` is followed by a method and `data` by a source; the other sections have no name.",
        "use papers.darts\nsearch dart\n",
    ),
    "NAS506": Code(
        "shares add up to more than everything",
        "The parts that the examples are divided into do not overlap, so their shares are "
        "together at most 100%.",
        "use papers.darts\ndata cifar10 { split 50%, 50%, 50% }\n",
    ),
    "NAS507": Code(
        "`keep` keeps more than there is",
        "No node of the cell has as many incoming edges as the derived cell should keep.",
        "use papers.darts\ncell normal { keep 9 }\n",
    ),
    "NAS508": Code(
        "data take no such path",
        "The digits come with scikit-learn; only data from files have a path. `~` is your own "
        "folder in it, `~NAME` that of another user of the machine.",
        'use papers.darts\ndata digits { path "digits" }\n',
    ),
    "NAS509": Code(
        "counts cannot be obeyed",
        "`count` of `derive` holds for every derived cell that offers the operation. A cell has "
        "only so many edges, and where `none` may not win, none of them is a zero.",
        "use papers.darts\nderive { count skip_connect >= 9 }\n",
    ),
    "NAS510": Code(
        "too many counts",
        "The best cell is found exactly, which takes longer with every operation that is counted "
        "and every edge that it is counted up to.",
        "use papers.darts\n"
        "cell normal { nodes 9; keep all }\n"
        "derive { count max_pool(3) <= 20, avg_pool(3) <= 20, sep_conv(3) <= 20, "
        "dil_conv(3) <= 20 }\n",
    ),
    "NAS511": Code(
        "search settings that do not fit together",
        "A warm-up must leave epochs in which alpha learns; `eigenvalue` needs a loss that can be "
        "differentiated twice in alpha, and `perturbation` probabilities of the operations.",
        "use papers.darts\nsearch nasp { stop eigenvalue }\n",
    ),
    "NAS512": Code(
        "batch cannot be cut into so many parts",
        "`accumulate` cuts a batch into parts that run one after the other. Batch normalisation "
        "cannot train on one example, so every part has two or more.",
        "use papers.darts\nevaluate { batch 8; accumulate 8 }\n",
    ),
    # ---- data ------------------------------------------------------------------------------------
    "NAS601": Code(
        "data are missing",
        "Nothing is at the path of the data.",
    ),
    "NAS602": Code(
        "part of the data is missing",
        "The folder or archive lacks a file of its format.",
    ),
    "NAS603": Code(
        "data are damaged",
        "A file is not what its format promises: cut short, too large, or with wrong headers.",
    ),
    "NAS604": Code(
        "parts of the data do not fit together",
        "Images and labels differ in number, or the parts in their form.",
    ),
    "NAS605": Code(
        "path of the data is not given",
        "This source reads files: give `path` in the data section, or `--set data.path=DIR`.",
    ),
    "NAS606": Code(
        "too few examples",
        "A class has no examples, or fewer than the parts that the split makes; or a step reads "
        "more examples than there are to train on.",
    ),
    "NAS607": Code(
        "split does not fit the data",
        "Data with a test part of their own are divided into three shares, other data into four.",
    ),
    "NAS608": Code(
        "library for the data is not installed",
        "Reading this source needs a library that is not installed.",
    ),
    "NAS609": Code(
        "wrong labels",
        "Labels number the classes from 0, and there are at least two classes.",
    ),
    "NAS610": Code(
        "text is not UTF-8",
        "A text file is plain UTF-8. The byte in the message is the first that is not.",
    ),
    "NAS611": Code(
        "text is too short",
        "The parts that train need at least two different tokens, and `steps` + 1 tokens for each "
        "of the `batch` places that a step of the search reads; the other parts need two tokens.",
    ),
    # ---- training and export ---------------------------------------------------------------------
    "NAS701": Code(
        "training diverged",
        "A loss became infinite or not a number, or after an epoch it is more than ten times that "
        "of a guess, on the data that train and on those that measure. A smaller learning rate or "
        "stronger clipping helps.",
    ),
    "NAS702": Code(
        "out of memory",
        "The device has no room for a batch's activations. Smaller batches and fewer channels "
        "need less.",
    ),
    "NAS703": Code(
        "derived network costs too much",
        "The network that was found has more trained weights, multiply-adds or latency than "
        "`require` allows, so it is not exported. The latency is the median time of one image, "
        "on a CPU with one thread.",
    ),
    "NAS704": Code(
        "network reads nothing",
        "The output of the network is the same for all that it could read: operations that give "
        "zeros cut every path from its input. Such a network can learn nothing, so it is not "
        "trained. What a search derives is always connected.",
    ),
    "NAS711": Code(
        "backends differ",
        "The exported models give other results than the trained network: a mistake of dslnas, "
        "or weights at the edge of what numbers can hold.",
    ),
    "NAS712": Code(
        "model is too large for ONNX",
        "An ONNX file holds at most two gigabytes.",
    ),
    "NAS721": Code(
        "outputs are the same for all examples",
        "A warning of a search: what runs now does not depend on what it reads, so its weights and "
        "alpha get no gradient. Either the operations that run give zeros, on the edges that the "
        "warning names, or the weights have grown or shrunk so far that nothing comes through.",
    ),
    "NAS722": Code(
        "no better than chance",
        "A warning of a search: after its first epochs the network is no better than a guess that "
        "reads nothing, such as the most frequent class. Alpha learns nothing from such a network.",
    ),
    "NAS723": Code(
        "validation fell",
        "A warning of a search: after its warm-up the network lost half or more of what it was "
        "better than a guess that reads nothing. Alpha has moved to operations whose weights are "
        "not trained, or the weights diverge; `derive { epoch best }` takes the epoch before that.",
    ),
    # ---- how a network runs ----------------------------------------------------------------------
    "NAS806": Code(
        "unknown pass",
        "`--passes` and `--after` name passes, rewrites of a network's graph before it runs. "
        "`dslnas show SPEC --passes` lists them.",
    ),
    # ---- other notations -------------------------------------------------------------------------
    "NAS811": Code(
        "no architecture in that notation",
        "`dslnas convert` reads strings of NAS-Bench-201, such as `|nor_conv_3x3~0|+...`, and "
        "genotypes of DARTS' family, such as `Genotype(normal=[('sep_conv_3x3', 0), ...], ...)`. "
        "They are parsed and never run, so nothing else can stand in them.",
    ),
    "NAS812": Code(
        "operation without a name",
        "Other programs know certain operations by certain names. What has no name there cannot "
        "be written, and what has none here cannot be read.",
    ),
    "NAS813": Code(
        "architecture does not fit the notation",
        "A notation has one form of cell: in NAS-Bench-201 one input, and an operation for all "
        "that comes before a node; in DARTS' family two inputs and two operations per node, or "
        "one per node of a recurrent cell.",
    ),
}
