

# At the start of the file.


# After two blank lines.
use std.cnn     # behind a statement
let width=3;let depth=4    # behind the second of two
op block(k)=relu    # inside an operation
  # on a line of its own inside it
  ->conv(k)   # at its end
ops mine = skip_connect, # first
  # own line
  sep_conv(3)   # last



cell normal{#behind the brace
   # before the first setting

   nodes 4;keep 2   # behind two settings


   # before the choice
   choose mine
   # at the end of the block

}   # behind the closing brace
network {   # nothing but a comment
}
data digits {
   # nothing but a comment on its own line
}
export {}
# At the end of the file.


