op a = relu # This comment is too long to stand behind its statement, so it moves to a line of its own.
use "a/path/that/is/so/long/that/no/line/of/one/hundred/columns/can/hold/it/but/strings/are/never/broken.nas"
let k = first_of_many_long_names * second_of_many_long_names * third_of_many_long_names * fourth_name
