# Gates.
gate highway(f,state, # what an edge reads
  reads=drop_state(state)){ # beside
# inside

  let both=linear(2*C,bias=false)(reads)   # one product
     # before the output
  output state+sigmoid(split(2,0)(both))*
      (f(split(2,1)(both)) # the operation
        -state) # end
} # behind
gate nothing(f,s){}
gate bare{ }
gate with_many_parameters(operation_of_the_edge, source_of_the_edge, first_of_more = drop_state(source_of_the_edge), second_of_more = drop_input(source_of_the_edge)) { output operation_of_the_edge(source_of_the_edge) }

cell lstm{inputs x;states h,c
   let gates=linear(4*C)(drop_input(x))+linear(4*C)(drop_state(h)) # both


   let o=sigmoid(split(4,3)(gates)); let a_value_with_a_rather_long_name = concat(tanh(split(4, 0)(gates)), sigmoid(split(4, 1)(gates)), relu(o))
   next h,c # as they are
   first highway(tanh,h,concat(x,h))
   output o}
