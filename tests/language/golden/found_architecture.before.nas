# Found by darts in digits.
use papers.darts
cell normal {
node n1=sep_conv(3)(in1)+sep_conv(3)(in2);node n2=sep_conv(3)(in1)+skip_connect(in2)
node n3=(skip_connect)(in1)+(dil_conv(3))(n1);output concat(n1,n2,n3) }
