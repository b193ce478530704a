"""What tells that somebody claims something: verbs, nouns, participles, adjectives, marks. All sentences are ours."""

from __future__ import annotations

import pytest
from said import Case, check, tried

from claimwire.pipelines.extract import By

VERBS: list[Case] = [
    (
        "The harbour master called the repair a waste of money.",
        "The harbour master | called | the repair a waste of money",
    ),
    ("The auditor cited weak controls at three branches.", "The auditor | cited | weak controls at three branches"),
    (
        "A Danish study found that night shifts raise the risk of stroke.",
        "A Danish study | found | night shifts raise the risk of stroke",
    ),
    (
        "The survey shows that one in four teachers wants to leave.",
        "The survey | shows | one in four teachers wants to leave",
    ),
    (
        "The airline pledged to refund every passenger by Friday.",
        "The airline | pledged | to refund every passenger by Friday",
    ),
    ("Farm unions blasted the new water tax.", "Farm unions | blasted | the new water tax"),
    (
        "The coastguard warned that the ice was too thin to walk on.",
        "The coastguard | warned | the ice was too thin to walk on",
    ),
    ("The goalkeeper insisted he had not touched the ball.", "The goalkeeper | insisted | he had not touched the ball"),
    (
        "The actress tweeted that she would not attend the gala.",
        "The actress | tweeted | she would not attend the gala",
    ),
    ("The high court ruled that the eviction was unlawful.", "The high court | ruled | the eviction was unlawful"),
    (
        "The central bank estimates inflation will fall to three percent.",
        "The central bank | estimates | inflation will fall to three percent",
    ),
    ("The fishing village fears the quota will ruin it.", "The fishing village | fears | the quota will ruin it"),
    (
        "Her lawyer argued the contract had never been signed.",
        "Her lawyer | argued | the contract had never been signed",
    ),
    (
        "The chef joked that the soup had been on the stove since 1987.",
        "The chef | joked | the soup had been on the stove since 1987",
    ),
    (
        "The vaccine maker conceded that two batches were contaminated.",
        "The vaccine maker | conceded | two batches were contaminated",
    ),
    (
        "The inquiry concluded that the pilot had ignored the alarm.",
        "The inquiry | concluded | the pilot had ignored the alarm",
    ),
    (
        "Astronomers reckon the comet is four billion years old.",
        "Astronomers | reckon | the comet is four billion years old",
    ),
    (
        "The pensioner boasted that he had never missed a match.",
        "The pensioner | boasted | he had never missed a match",
    ),
    (
        "Doctors cautioned that the drug does not work for everyone.",
        "Doctors | cautioned | the drug does not work for everyone",
    ),
    (
        "The theatre hailed the play as the best of the decade.",
        "The theatre | hailed | the play as the best of the decade",
    ),
    ("The striker swore that he had not touched the ball.", "The striker | swore | he had not touched the ball"),
    ("Investors are betting that rates will fall.", "? Investors | betting | rates will fall"),
    ("The bishop lamented that the pews were empty.", "The bishop | lamented | the pews were empty"),
    ("The tribunal held that the dismissal was unfair.", "The tribunal | held | the dismissal was unfair"),
    ("The pilot radioed that the engine was on fire.", "The pilot | radioed | the engine was on fire"),
    (
        "The junior minister conceded on Tuesday that the rural bus grant had run out three "
        "months early, leaving two valleys without a service.",
        "The junior minister | conceded | the rural bus grant had run out three months early, "
        "leaving two valleys without a service",
    ),
    (
        "Ms Hargreave, who chairs the audit committee, bristled at the suggestion and retorted "
        "that no member had ever claimed a penny more than was due.",
        "Ms Hargreave, who chairs the audit committee | retorted | no member had ever claimed a "
        "penny more than was due",
        "? Ms Hargreave, who chairs the audit committee | bristled | the suggestion",
    ),
    (
        "“They have fobbed us off for eleven years,” fumed Delia Marchbank, whose cottage was "
        "flooded twice last winter.",
        "Delia Marchbank | fumed | They have fobbed us off for eleven years",
    ),
    (
        "The coroner surmised that the climber had slipped while changing ropes, though she "
        "stressed that no one had seen him fall.",
        "The coroner | surmised | the climber had slipped while changing ropes",
        "she | stressed | no one had seen him fall",
    ),
    (
        "Officials at the central bank have intimated that a second cut could follow before the summer recess.",
        "Officials at the central bank | intimated | a second cut could follow before the summer recess",
    ),
    (
        "Paulsen quipped that the stadium roof leaked only when it rained.",
        "Paulsen | quipped | the stadium roof leaked only when it rained",
    ),
]

NOUNS: list[Case] = [
    (
        "The court threw out the claim that the vineyard had been poisoned.",
        "- | claim | the vineyard had been poisoned",
    ),
    (
        "A report that the bank would close its Leeds office sent the shares down.",
        "A report | report | the bank would close its Leeds office",
    ),
    ("His warning that the dam was cracked went unheard.", "His | warning | the dam was cracked"),
    ("Ann Holt's claim that she wrote the song was settled in March.", "Ann Holt's | claim | she wrote the song"),
    ("The union repeated its warning that the mine was unsafe.", "The union | warning | the mine was unsafe"),
    ("Rumours that the striker would leave unsettled the club.", "- | Rumours | the striker would leave"),
    (
        "The minister's promise that no school would close lasted a week.",
        "The minister's | promise | no school would close",
    ),
    ("Allegations that votes were bought have reached the prosecutor.", "- | Allegations | votes were bought"),
    (
        "The company's assertion that the spill was small angered fishermen.",
        "The company's | assertion | the spill was small",
    ),
    (
        "A suggestion by the coroner that the fire was set on purpose shocked the town.",
        "the coroner | suggestion | the fire was set on purpose",
    ),
    ("Fears that the volcano could erupt emptied the hotels.", "- | Fears | the volcano could erupt"),
    ("The actor's denial that he had been paid came through his agent.", "The actor's | denial | he had been paid"),
    ("The estimate that 300 homes were lost is two days old.", "- | estimate | 300 homes were lost"),
    (
        "The governor rejected the accusation that he had favoured a cousin.",
        "- | accusation | he had favoured a cousin",
        "? The governor | rejected | the accusation that he had favoured a cousin",
    ),
    (
        "Their argument that the toll hurts small firms did not convince the council.",
        "Their | argument | the toll hurts small firms",
    ),
    (
        "The airline's announcement that it would drop the route came without notice.",
        "The airline's | announcement | it would drop the route",
    ),
    (
        "The minister dismissed claims that the budget was a fraud.",
        "- | claims | the budget was a fraud",
        "? The minister | dismissed | claims that the budget was a fraud",
    ),
    ("Her prediction that snow would fall in May came true.", "Her | prediction | snow would fall in May"),
    ("Moscow's insistence that the ship was civilian convinced few.", "Moscow's | insistence | the ship was civilian"),
    (
        "The jury's verdict that the fire was an accident stunned the family.",
        "The jury's | verdict | the fire was an accident",
    ),
    (
        "Amid warnings from doctors that beds are running out, the ministry cancelled operations.",
        "doctors | warnings | beds are running out",
    ),
    ("There were reports that the tunnel had collapsed.", "reports | reports | the tunnel had collapsed"),
    (
        "Police are investigating a complaint that the ballot boxes were opened.",
        "- | complaint | the ballot boxes were opened",
    ),
    (
        "The finance ministry dismissed the claim that pensions would be frozen until 2031, calling it scaremongering.",
        "- | claim | pensions would be frozen until 2031",
        "The finance ministry | dismissed | the claim that pensions would be frozen until 2031",
        "? The finance ministry | calling | it scaremongering",
    ),
    (
        "Her warning that the reservoir would be empty by October went unheeded for most of the spring.",
        "Her | warning | the reservoir would be empty by October",
    ),
    (
        "Despite repeated assurances from the contractor that the tunnel was dry, water was "
        "dripping on to the platform when it opened to passengers on Monday.",
        "the contractor | assurances | the tunnel was dry",
    ),
    (
        "There were allegations in the regional press that two of the trucks had been sold "
        "before they reached the depot.",
        "- | allegations | two of the trucks had been sold before they reached the depot",
    ),
    (
        "Mr Osei's admission that he had never read the contract drew gasps in the public gallery.",
        "Mr Osei's | admission | he had never read the contract",
    ),
]

PARTICIPLES: list[Case] = [
    ("The mayor left the meeting early, saying the talks had failed.", "The mayor | saying | the talks had failed"),
    (
        "The club called off the match, citing a frozen pitch.",
        "The club | citing | a frozen pitch",
        "? The club | called off | the match",
    ),
    (
        "The regulator fined the bank, arguing that it had misled savers.",
        "The regulator | arguing | it had misled savers",
    ),
    (
        "Nurses walked out on Monday, warning that wards were dangerously short of staff.",
        "Nurses | warning | wards were dangerously short of staff",
    ),
    (
        "The senator left the hall, insisting the bill would raise rents.",
        "The senator | insisting | the bill would raise rents",
    ),
    (
        "Writing in a medical journal, the team said the cure was years away.",
        "the team | said | the cure was years away",
    ),
    (
        "The museum kept the vase, claiming that it had been bought lawfully.",
        "The museum | claiming | it had been bought lawfully",
    ),
    (
        "A man rang the radio station, alleging that the lottery was rigged.",
        "A man | alleging | the lottery was rigged",
    ),
    (
        "The brewery issued a statement saying the beer was safe to drink.",
        "The brewery | saying | the beer was safe to drink",
    ),
    (
        "The party split in two, each wing claiming that it was the true heir.",
        "each wing | claiming | it was the true heir",
    ),
    (
        "The actress went to court, stating that the photos were private.",
        "The actress | stating | the photos were private",
    ),
    (
        "Residents wrote to the council, complaining that the buses never come.",
        "Residents | complaining | the buses never come",
    ),
    (
        "The skipper turned back, explaining that the fog was too thick.",
        "The skipper | explaining | the fog was too thick",
    ),
    ("The firm cut its forecast, blaming the strong franc.", "The firm | blaming | the strong franc"),
    (
        "The judge freed the driver, ruling that the breath test was flawed.",
        "The judge | ruling | the breath test was flawed",
    ),
    (
        "The bakery apologised, admitting that the cakes contained nuts.",
        "The bakery | admitting | the cakes contained nuts",
    ),
    (
        "The watchdog fined the bank and said it had misled savers.",
        "The watchdog | said | it had misled savers",
        "? The watchdog | fined | the bank",
    ),
    (
        "The bakery chain closed its shops, blaming high rents.",
        "The bakery chain | blaming | high rents",
        "? The bakery chain | closed | its shops",
    ),
    (
        "Asked about the delay, Commissioner Radic shrugged, adding only that winter had come early.",
        "Commissioner Radic | adding | winter had come early",
    ),
    (
        "The club posted a photograph of the pitch under water, insisting the match would go ahead as planned.",
        "The club | insisting | the match would go ahead as planned",
    ),
    (
        "Warned by engineers that the dyke might not hold, the mayor ordered the lower town to "
        "be cleared before nightfall.",
        "engineers | Warned | the dyke might not hold",
        "? the mayor | ordered | the lower town to be cleared before nightfall",
    ),
    (
        "Speaking outside the court, her solicitor read a short statement, saying the family had "
        "waited nine years for an apology.",
        "her solicitor | saying | the family had waited nine years for an apology",
    ),
    (
        "The regulator fined the lender $14 million on Thursday, citing what it called a pattern "
        "of careless record-keeping.",
        "The regulator | citing | what it called a pattern of careless record-keeping",
    ),
    (
        "Quoting a hospital official, the state news agency said that eleven miners had died.",
        "the state news agency | said | eleven miners had died",
    ),
]

INFINITIVES: list[Case] = [
    ("The singer is said to be recording in Malmö.", "- | said | The singer ... to be recording in Malmö"),
    ("The coach appeared to confirm that the captain is injured.", "The coach | confirm | the captain is injured"),
    (
        "The central bank surprised markets by announcing that rates would fall.",
        "The central bank | announcing | rates would fall",
    ),
    ("The duke went on to say that the estate was bankrupt.", "The duke | say | the estate was bankrupt"),
    ("The ministry seemed to admit that the figures were wrong.", "The ministry | admit | the figures were wrong"),
    ("The firm is reported to have sold its last mill.", "- | reported | The firm ... to have sold its last mill"),
    (
        "The bridge is believed to date from the ninth century.",
        "- | believed | The bridge ... to date from the ninth century",
    ),
    (
        "The archbishop ended his sermon by warning that greed destroys families.",
        "The archbishop | warning | greed destroys families",
    ),
    ("The mine owner tried to claim that nobody had been hurt.", "The mine owner | claim | nobody had been hurt"),
    (
        "The suspect is alleged to have hidden the money in a piano.",
        "- | alleged | The suspect ... to have hidden the money in a piano",
    ),
    ("Two hikers are feared to have drowned.", "- | feared | Two hikers ... to have drowned"),
    ("The federation continued to insist that the test was clean.", "The federation | insist | the test was clean"),
    ("The envoy began by saying that the border was quiet.", "The envoy | saying | the border was quiet"),
    ("The painting is thought to be a copy.", "- | thought | The painting ... to be a copy"),
    (
        "The airline was forced to admit that the engine had failed twice before.",
        "The airline | admit | the engine had failed twice before",
    ),
    ("The chairman used his speech to say that wages were too low.", "The chairman | say | wages were too low"),
    (
        "The council ended the row by promising that the library would reopen.",
        "The council | promising | the library would reopen",
    ),
    ("The rebels are reported to have left the city.", "- | reported | The rebels ... to have left the city"),
]

ADJECTIVES: list[Case] = [
    (
        "The chairman is adamant that the stadium will open in May.",
        "The chairman | adamant | the stadium will open in May",
    ),
    ("Climbers are certain that the rope was cut.", "Climbers | certain | the rope was cut"),
    ("The surgeon was confident that the boy would walk again.", "The surgeon | confident | the boy would walk again"),
    ("The village is convinced that the well is haunted.", "The village | convinced | the well is haunted"),
    (
        "The analysts are sceptical that the merger will save money.",
        "The analysts | sceptical | the merger will save money",
    ),
    ("The bishop was clear that the church would not pay.", "The bishop | clear | the church would not pay"),
    ("The goalkeeper is hopeful that he will be fit by Sunday.", "The goalkeeper | hopeful | he will be fit by Sunday"),
    ("Ann Holt is sure that the letter is genuine.", "Ann Holt | sure | the letter is genuine"),
    ("The miners were angry that nobody had told them.", "The miners | angry | nobody had told them"),
    ("The mayor is worried that the tram will be late.", "The mayor | worried | the tram will be late"),
    ("Growers are concerned that the frost will return.", "Growers | concerned | the frost will return"),
    ("The bank is optimistic that demand will recover.", "The bank | optimistic | demand will recover"),
    ("The admiral was doubtful that the ship could be raised.", "The admiral | doubtful | the ship could be raised"),
    ("The tenants are unconvinced that the lift is safe.", "The tenants | unconvinced | the lift is safe"),
    ("The union is aware that the fund is empty.", "The union | aware | the fund is empty"),
    ("The club is certain the goal was offside.", "The club | certain | the goal was offside"),
    ("The museum is proud that it owns the letter.", "The museum | proud | it owns the letter"),
]

MARKS: list[Case] = [
    ("Jury: film was far too long", "Jury | : | film was far too long"),
    ("The captain was blunt: “We played like children.”", "The captain | blunt | We played like children"),
    ("The baker had one answer: “Flour costs twice as much.”", "The baker | answer | Flour costs twice as much"),
    ("Ann Holt, the coach: “Nobody gave up.”", "Ann Holt, the coach | : | Nobody gave up"),
    ("His reply: “I was never there.”", "His | reply | I was never there"),
    ("“The vines are dead” – Pierre Blanc, grower.", "Pierre Blanc, grower | – | The vines are dead"),
    ("The lake is safe to swim in – officials.", "officials | – | The lake is safe to swim in"),
    ("Reef will die by 2050 – scientists", "scientists | – | Reef will die by 2050"),
    ("The lawyer put it this way: “My client sleeps well.”", "The lawyer | put | My client sleeps well"),
    ("The notice on the door read: “Closed until spring.”", "The notice on the door | read | Closed until spring"),
    ("Central bank: growth will slow in autumn", "Central bank | : | growth will slow in autumn"),
    ("She added: “The boat was never found.”", "She | added | The boat was never found"),
    ("The mayor asked the crowd: “Who will pay for this?”", "The mayor | asked | Who will pay for this?"),
    (
        "The nurse remembers his last words: “Open the window.”",
        "his | words | Open the window",
        "? The nurse | remembers | his last words: Open the window",
    ),
    ("The governor wrote on his page: “The road stays shut.”", "The governor | wrote | The road stays shut"),
    (
        "The captain's log for that night has a single line: “Ice on both sides, and no wind.”",
        "The captain's log for that night | has | Ice on both sides, and no wind",
    ),
    (
        "Asked if he would run again, the governor had a short reply: “Never.”",
        "the governor | reply | Never",
    ),
    ("Her verdict was blunt: the exhibition is a mess.",),
    (
        "Friday's match was, as the veteran goalkeeper put it afterwards, “a funeral with floodlights”.",
        "the veteran goalkeeper | put | Friday's match was ... a funeral with floodlights",
    ),
    (
        "The inquiry's conclusion — that the signal had been green for eleven seconds — came as "
        "no surprise to the driver's widow.",
        "The inquiry's | conclusion | the signal had been green for eleven seconds",
    ),
    (
        "“This is not the end of it” – Valdez vows to appeal against six-match ban\n\nThe winger "
        "was sent off in the first half.",
        "Valdez | vows | to appeal against six-match ban",
        "Valdez | | This is not the end of it",
    ),
]

HEADLINES: list[Case] = [
    ("Coach: we will fight to the last minute", "Coach | : | we will fight to the last minute"),
    ("Minister resigns, says party", "party | says | Minister resigns"),
    ("Kiruna mayor: mine must close by 2030", "Kiruna mayor | : | mine must close by 2030"),
    ("Ferry sank in minutes, survivors say", "survivors | say | Ferry sank in minutes"),
    ("Wheat prices to fall, says bank", "bank | says | Wheat prices to fall"),
    ("Holt: “I never took a penny”", "Holt | : | I never took a penny"),
    ("Bridge is safe, insists engineer", "engineer | insists | Bridge is safe"),
    ("UN: drought threatens two million people", "UN | : | drought threatens two million people"),
    ("Doctors warn of flu wave", "Doctors | warn of | flu wave"),
    ("Vaccine works in children, study finds", "study | finds | Vaccine works in children"),
    ("Airline denies it overbooked holiday flights", "Airline | denies | it overbooked holiday flights"),
    ("Police: driver was asleep at the wheel", "Police | : | driver was asleep at the wheel"),
    ("Union says depot will close", "Union | says | depot will close"),
    ("Rents rose by a tenth last year – report", "report | – | Rents rose by a tenth last year"),
    ("Study: cats recognise their own names", "Study | : | cats recognise their own names"),
    ("‘We were lied to’, say flood victims", "flood victims | say | We were lied to"),
    ("Ann Holt: Why I left the party", "Ann Holt | : | Why I left the party"),
    ("Storm kills three in Galicia, officials say", "officials | say | Storm kills three in Galicia"),
    ("PM: No snap election this year", "PM | : | No snap election this year"),
    ("Nobel winner: ‘Science is underfunded’", "Nobel winner | : | Science is underfunded"),
    ("Fed chair warns of slower growth", "Fed chair | warns of | slower growth"),
    ("Thousands flee floods - UN agency", "UN agency | - | Thousands flee floods"),
    ("Apple to build plant in Ohio: report", "report | : | Apple to build plant in Ohio"),
    ("Ten injured in gas blast: fire service", "fire service | : | Ten injured in gas blast"),
    ("Trade deal within reach, says Lund", "Lund | says | Trade deal within reach"),
    ("Berg: We have nothing to hide", "Berg | : | We have nothing to hide"),
    ("Scientists: Arctic ice at record low", "Scientists | : | Arctic ice at record low"),
    ("Cyclists furious over new helmet law", "? Cyclists | furious over | new helmet law"),
    (
        "Ferry fares to rise by a fifth, warns operator\n\nThe crossing carries 400 cars a day.",
        "operator | warns | Ferry fares to rise by a fifth",
    ),
    (
        "Minister: 'No plan' to close rural courts\n\nThe courts have been under review since March.",
        "Minister | : | No plan to close rural courts",
    ),
    (
        "Hospital 'ran out of beds on Sunday' - union\n\nAmbulances were sent to a town thirty miles away.",
        "union | | Hospital ran out of beds on Sunday",
    ),
    (
        "Police deny officers slept through burglary alarm\n\nThe shop lost £20,000 of jewellery.",
        "Police | deny | officers slept through burglary alarm",
    ),
    (
        "Drought could halve wheat harvest, study finds\n\nFarmers in three provinces have stopped sowing.",
        "study | finds | Drought could halve wheat harvest",
    ),
]

ACCORDING: list[Case] = [
    (
        "According to the survey, half of all bees died last winter.",
        "the survey | According to | half of all bees died last winter",
    ),
    (
        "Half of all bees died last winter, according to the survey.",
        "the survey | according to | Half of all bees died last winter",
    ),
    (
        "Half of all bees, according to the survey, died last winter.",
        "the survey | according to | Half of all bees ... died last winter",
    ),
    ("The ship, according to its owner, was insured.", "its owner | according to | The ship ... was insured"),
    (
        "According to Ann Holt, the head of the clinic, beds are scarce.",
        "Ann Holt, the head of the clinic | According to | beds are scarce",
    ),
    (
        "The thief was, according to a neighbour, tall and bald.",
        "a neighbour | according to | The thief was ... tall and bald",
    ),
    ("The well dried up in June, according to two farmers.", "two farmers | according to | The well dried up in June"),
    (
        "According to people familiar with the talks, the price is too high.",
        "people familiar with the talks | According to | the price is too high",
    ),
    (
        "Rainfall has halved since 1990, according to a report by the weather office.",
        "a report by the weather office | according to | Rainfall has halved since 1990",
    ),
    ("According to police, the car had no brakes.", "police | According to | the car had no brakes"),
    ("The star is dying, according to new measurements.", "new measurements | according to | The star is dying"),
    (
        "The tunnel will cost $2 billion, according to the ministry’s own figures.",
        "the ministry’s own figures | according to | The tunnel will cost $2 billion",
    ),
    ("According to the coach, his team was robbed.", "the coach | According to | his team was robbed"),
    (
        "The firm lost its licence, according to court papers seen by this paper.",
        "court papers seen by this paper | according to | The firm lost its licence",
    ),
    (
        "In Oslo, according to the landlord, rents are capped.",
        "the landlord | according to | In Oslo ... rents are capped",
    ),
    (
        "The lake, according to a study published in May, is shrinking.",
        "a study published in May | according to | The lake ... is shrinking",
    ),
    (
        "At least nine people were hurt when the grandstand gave way, according to the county "
        "sheriff's office, which is leading the inquiry.",
        "the county sheriff's office | according to | At least nine people were hurt when the grandstand gave way",
    ),
    (
        "According to figures released by the statistics office on Wednesday, rents in the "
        "capital rose at their fastest pace since 2009.",
        "figures released by the statistics office on Wednesday | According to | rents in the "
        "capital rose at their fastest pace since 2009",
    ),
    ("Players will be paid according to the number of minutes they spend on the pitch.",),
    (
        "The pilot had been awake for nineteen hours, according to two people briefed on the "
        "investigation who asked not to be named.",
        "two people briefed on the investigation who asked not to be named | according to | The "
        "pilot had been awake for nineteen hours",
    ),
    (
        "According to Mr Bellamy, who spoke to the paper by telephone from Lagos, the shipment "
        'was never his. "I signed for it as a favour," he said.',
        "Mr Bellamy, who spoke to the paper by telephone from Lagos | According to | the shipment was never his",
        "he | said | I signed for it as a favour",
    ),
    (
        "The vaccine, according to a paper in this month's issue of the society's journal, "
        "halved the risk of severe illness among the over-70s.",
        "a paper in this month's issue of the society's journal | according to | The vaccine ... "
        "halved the risk of severe illness among the over-70s",
    ),
]

PHRASES: list[Case] = [
    (
        "In the words of the foreman, the roof was held up by luck.",
        "the foreman | In the words of | the roof was held up by luck",
    ),
    (
        "For the opposition, the budget is a gift to the rich.",
        "the opposition | For | the budget is a gift to the rich",
    ),
    ("The union's view is that the offer is an insult.", "The union's | view is | the offer is an insult"),
    ("In the view of the court, the search was unlawful.", "the court | In the view of | the search was unlawful"),
    (
        "In the opinion of most doctors, the ban came too late.",
        "most doctors | In the opinion of | the ban came too late",
    ),
    (
        "In the eyes of his rivals, the champion is past his best.",
        "his rivals | In the eyes of | the champion is past his best",
    ),
    (
        "The committee's conclusion was that the fire could have been prevented.",
        "The committee's | conclusion was | the fire could have been prevented",
    ),
    ("The coach's message was that nobody is safe.", "The coach's | message was | nobody is safe"),
    ("In the mayor's view, the tower is an eyesore.", "the mayor's | view | the tower is an eyesore"),
    ("For many growers, the frost was the worst in memory.", "many growers | For | the frost was the worst in memory"),
    (
        "By the ministry's own account, a third of the wells are dry.",
        "the ministry's | account | a third of the wells are dry",
    ),
    (
        "The harvest was, in the words of one farmer, “a catastrophe”.",
        "one farmer | in the words of | The harvest was ... a catastrophe",
    ),
    ("The defence's argument is that the phone was stolen.", "The defence's | argument is | the phone was stolen"),
    (
        "In the landlord's telling, the tenants broke the boiler.",
        "the landlord's | telling | the tenants broke the boiler",
    ),
    ("As the poet put it, the city never forgives.", "the poet | put it | the city never forgives"),
    ("From the bank's point of view, the loan is lost.", "the bank's | point of view | the loan is lost"),
    ("Her theory is that the map was forged.", "Her | theory is | the map was forged"),
    ("In the coroner's opinion, the driver was asleep.", "the coroner's | opinion | the driver was asleep"),
    ("For many voters, the tax is the last straw.", "many voters | For | the tax is the last straw"),
    ("The firm's position is that the valve was sound.", "The firm's | position is | the valve was sound"),
]

BEYOND_RULES = frozenset(
    {
        "The tribunal held that the dismissal was unfair.",
        "The pilot radioed that the engine was on fire.",
        "The union repeated its warning that the mine was unsafe.",
        "The company's assertion that the spill was small angered fishermen.",
        "The actor's denial that he had been paid came through his agent.",
        "Their argument that the toll hurts small firms did not convince the council.",
        "Amid warnings from doctors that beds are running out, the ministry cancelled operations.",
        "The central bank surprised markets by announcing that rates would fall.",
        "The bridge is believed to date from the ninth century.",
        "The chairman used his speech to say that wages were too low.",
        "The village is convinced that the well is haunted.",
        "The goalkeeper is hopeful that he will be fit by Sunday.",
        "The club is certain the goal was offside.",
        "Ann Holt, the coach: “Nobody gave up.”",
        "PM: No snap election this year",
        "For many growers, the frost was the worst in memory.",
        "The junior minister conceded on Tuesday that the rural bus grant had run out three "
        "months early, leaving two valleys without a service.",
        "Ms Hargreave, who chairs the audit committee, bristled at the suggestion and retorted "
        "that no member had ever claimed a penny more than was due.",
        "Warned by engineers that the dyke might not hold, the mayor ordered the lower town to "
        "be cleared before nightfall.",
        "According to Mr Bellamy, who spoke to the paper by telephone from Lagos, the shipment "
        'was never his. "I signed for it as a favour," he said.',
        "The regulator fined the lender $14 million on Thursday, citing what it called a pattern "
        "of careless record-keeping.",
        "“This is not the end of it” – Valdez vows to appeal against six-match ban\n\nThe winger "
        "was sent off in the first half.",
    }
)
"""What the rules alone do not get right, or put in another way: "who" with its noun, what goes on as its own claim."""

WRONG = frozenset(
    {
        "The company's assertion that the spill was small angered fishermen.",
        "Their argument that the toll hurts small firms did not convince the council.",
        "The central bank surprised markets by announcing that rates would fall.",
    }
)


@pytest.mark.parametrize(("case", "by"), tried(VERBS, BEYOND_RULES, WRONG))
def test_verbs_of_many_kinds(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(NOUNS, BEYOND_RULES, WRONG))
def test_nouns(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(PARTICIPLES, BEYOND_RULES, WRONG))
def test_participles(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(INFINITIVES, BEYOND_RULES, WRONG))
def test_infinitives_and_by_doing(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(ADJECTIVES, BEYOND_RULES, WRONG))
def test_adjectives(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(MARKS, BEYOND_RULES, WRONG))
def test_colons_and_dashes(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(HEADLINES, BEYOND_RULES, WRONG))
def test_headlines(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(ACCORDING, BEYOND_RULES, WRONG))
def test_according_to(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(PHRASES, BEYOND_RULES, WRONG))
def test_phrases(case: Case, by: By | None) -> None:
    check(case, by)
