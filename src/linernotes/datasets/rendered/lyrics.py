"""Words of our own for rendered voices: lines to sing and sentences to speak."""

SUNG_LINES = (
    "golden river carry me home over the hills where the wild winds roam",
    "hold on to the morning light we will dance until the night",
    "rain is falling on the street I can hear my own heart beat",
    "under the stars we lay so long singing the words of an old old song",
    "tell me why you had to go when the fields were white with snow",
    "every road will lead to you every dream is coming true",
    "slowly the ocean turns to blue nobody knows the way I knew",
    "burning like a summer fire higher and higher and higher",
    "mother said the world is wide take your sorrow for a ride",
    "lonely train across the plain bring my lover home again",
    "we were young and we were free sailing over open sea",
    "no more tears and no more pain I will never call your name",
)

SPOKEN_SENTENCES = (
    "The committee will meet again on Thursday to talk about the budget for the new library.",
    "In the spring of that year the ships came back with tea, paper and very little news.",
    "Please keep your ticket with you, because it will be checked before you leave the station.",
    "Most of the water in a cloud is so finely divided that it takes hours to fall.",
    "She put the letter on the table, looked at it for a while, and went to make some coffee.",
    "To change the filter, turn off the pump, open the lid and lift out the grey basket.",
    "The first map of the coast was drawn by a man who had never seen it.",
    "Tonight it will be cold in the north, with some snow on the higher ground.",
    "A good question is often worth more than the answer that follows it.",
    "He had walked past that house for eleven years and never once seen a light in it.",
    "Mix the flour with the salt, add the milk slowly, and leave the dough to rest.",
    "The experiment was repeated four times, and each time the needle moved to the left.",
)
